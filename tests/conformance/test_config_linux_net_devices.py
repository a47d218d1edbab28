"""config-linux.md, network devices: shown by the integration tests, which make networks of their own."""

from requirements import covered, untested

SECTION = "config-linux.md#network-devices"
END = "config-linux.md#namespace-lifecycle-and-container-termination"


def shown(section, keyword, text, *tests):
    for test in tests:
        covered(section, keyword, text, by=f"integration/test_net_devices.py::{test}")


shown(SECTION, "MUST", "the devices are there in the container",
      "test_moved_with_everything", "test_the_container_sees_it", "test_several", "test_user_namespace")
shown(SECTION, "states", "the name in the container is `name`, or else the host's",
      "test_moved_with_everything", "test_a_device_that_was_down")
shown(SECTION, "MUST", "whether a device can be moved is looked at first",
      "test_no_such_device", "test_a_device_that_may_not_move", "test_no_namespace_to_go_to")
shown(SECTION, "MUST", "a name that is taken in the container's namespace is an error",
      "test_name_taken", "test_name_of_loopback")
shown(SECTION, "MUST", "with `%d` in the name the kernel finds a free one", "test_template")
shown(SECTION, "MUST", "the device keeps its attributes, and its permanent addresses of global scope",
      "test_moved_with_everything")
shown(SECTION, "MUST", "the device is up afterwards", "test_moved_with_everything",
      "test_a_device_that_was_down", "test_joined_namespace")
untested(END, "MUST NOT", "the runtime leaves the device alone once the container has it",
         reason="what is not done cannot be waited for; no process of hako's outlives `create`")
shown(END, "MUST NOT", "no device is moved back before the namespace is deleted",
      "test_delete_gives_nothing_back")
