"""runtime.md, Scope of a Container, and spec.md's terms: who may use which operations."""

from requirements import each, requirement, untested

OPERATIONS = ["state", "create", "start", "kill", "delete"]

untested("spec.md#notational-conventions", "MUST",
         "a runtime is compliant when it satisfies every MUST, REQUIRED and SHALL of its platform",
         "it is what the other rows add up to")


@requirement("runtime.md#scope-of-a-container", "MUST",
             "who created a container can use every operation on it")
@each("runtime.md#operations", "MUST", "the runtime has the operation `{0}`", OPERATIONS)
def test_every_operation_by_its_creator(runtime, bundle):
    container = runtime.create(bundle.sleep())
    assert container.state()["status"] == "created"
    container.must("start")
    assert container.status == "running"
    container.must("kill", "KILL")
    container.wait_stopped()
    container.must("delete")
    assert container.call("state").status != 0
