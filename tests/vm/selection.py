"""Which tests run in which machine, and what came of them; `tests/run vm` calls this.

The short form is what a host with cgroup v1 skips or sees otherwise, part on the newest kernel of the
release with systemd and part on its oldest without. --long is every test that makes containers, in all machines;
it takes hours, and --machine runs it in parts."""

import concurrent.futures
import os
import shlex
from dataclasses import dataclass
from pathlib import Path

import vm

PYTEST = "/usr/bin/python3 -m pytest -q -p no:cacheprovider -o addopts= -o junit_logging=no --rootdir tests -rs"
# How many times longer than on the host a test may take.
SLOW = 8
# Seconds for a machine's job, some five times what it takes on two idle cores; and until its end.
SHORT_LIMIT, LONG_LIMIT, GRACE = 900, 9000, 120


@dataclass(frozen=True)
class Step:
    """One run of pytest or of ctest, for the directory or the files that it is given."""
    name: str
    paths: tuple = ()
    user: bool = False  # in a session of an ordinary user
    delegated: bool = True  # with a cgroup that belongs to that user
    manager: bool = False  # of cgroups: systemd

    @property
    def is_unit(self):
        return not self.paths


@dataclass(frozen=True)
class Result:
    """A report to count, or a problem, or why the machine is missing."""
    label: str
    flavour: str  # of the host, for the matrix of docs/compat.md
    step: Step
    report: Path
    status: int
    problem: str = ""
    missing: str = ""


def files(*names):
    return tuple(f"tests/{name}" for name in names)


def all_of(suite):
    """Every file of a suite, but for one that makes thousands of parser's errors and no container."""
    return tuple(f"tests/{suite}/{path.name}" for path in sorted((vm.SOURCE / "tests" / suite).glob("test_*.py"))
                 if path.name != "test_malformed.py")


CGROUPS = files("integration/test_cgroups.py")
RESOURCES = files("conformance/test_config_linux_cgroups.py", "conformance/test_config_linux_resources.py",
                  "conformance/test_config_linux_device_list.py")
V2 = files(*(f"integration/test_cgroup_v2.py::{name}" for name in (
    "test_controllers_are_handed_down", "test_place_among_processes", "test_among_threads", "test_oom_group[True]",
    "test_a_program_that_was_left_is_replaced", "test_programs_above_count_as_well")))
NESTED = files(*(f"integration/test_nested.py::{name}" for name in (
    "test_limits", "test_limits_among_processes", "test_read_only_cgroups")))
# What commands on a container that runs do otherwise on v2.
RUNNING = files("integration/test_pause.py::test_all_processes_are_frozen",
                "integration/test_pause.py::test_kill_with_a_frozen_cgroup_below",
                "integration/test_pause.py::test_resume_leaves_what_the_container_has_frozen",
                "integration/test_exec.py::test_runs_in_the_containers_cgroups",
                "integration/test_exec_cgroups.py::test_cgroup_below_the_containers",
                "integration/test_exec_cgroups.py::test_cgroup_into_which_init_has_moved",
                "integration/test_exec_cgroups.py::test_delegated_cgroup",
                "integration/test_events.py::test_keys_and_types_of_runc",
                "integration/test_events.py::test_the_stream_outlives_init_where_others_do",
                "integration/test_events.py::test_an_oom_kill_of_init_is_told_before_the_end",
                "integration/test_events.py::test_no_oom_is_told_that_was_before")
UPDATE = files("integration/test_update.py::test_flag",
               "integration/test_update.py::test_burst",
               "integration/test_update.py::test_idle_and_shares",
               "integration/test_update.py::test_blkio_weight",
               "integration/test_update.py::test_unified",
               "integration/test_update.py::test_what_was_changed_before_a_refusal_is_undone",
               "integration/test_update.py::test_a_limit_below_the_usage")
# What this needs of the kernel most hosts have; --long runs all of it.
CHECKPOINT = files("integration/test_checkpoint.py::test_it_goes_on_from_where_it_was",
                   "integration/test_checkpoint.py::test_leave_running",
                   "integration/test_checkpoint.py::test_tcp_established",
                   "integration/test_checkpoint.py::test_terminal",
                   "integration/test_checkpoint.py::test_pipes_are_exchanged",
                   "integration/test_checkpoint_memory.py::test_pre_dump",
                   "integration/test_restore.py::test_binds_have_the_sources_of_config_json",
                   "integration/test_restore.py::test_hooks",
                   "clients/test_podman.py::test_checkpoint_and_restore",
                   "clients/test_podman.py::test_checkpoint_that_leaves_it_running")
USER = Step("user", files("integration/test_delegation.py"), user=True)
ALONE = Step("alone", files("integration/test_undelegated.py"), user=True, delegated=False)
PODMAN = Step("user", USER.paths + files("integration/test_rootless_podman.py", "integration/test_nested.py::test_limits"),
              user=True)
SYSTEMD = files("integration/test_systemd.py")
SYSTEMD_USER = Step("systemd-user", tuple(f"{path}::{test}" for path in SYSTEMD for test in
                                          ("test_scope", "test_update", "test_killed_runtime")), user=True)
SELINUX = files("integration/test_selinux.py", "conformance/test_config_linux_mount_label.py")
# What a kernel may have or not: core scheduling, UCLAMP, Landlock, and what hako says where that is missing.
KERNEL = files("integration/test_annotations.py", "integration/test_landlock.py", "integration/test_scheduling.py",
               "integration/test_check.py", "integration/test_doctor.py", "integration/test_lifecycle.py",
               "conformance/test_features.py")
# What a container's cgroup has a part in.
MANAGER = Step("manager", CGROUPS + RESOURCES + files(
    "integration/test_update.py", "integration/test_pause.py", "integration/test_exec_cgroups.py"), manager=True)
EVERYTHING = [Step(suite, all_of(suite)) for suite in ("integration", "conformance")]

# By the name that --machine knows.
SHORT = {
    "systemd": (vm.Machine("6.12", systemd=True), [
        Step("root", CGROUPS + RUNNING + files("integration/test_landlock.py", "integration/test_apparmor.py",
                                               "integration/test_notify.py::test_systemd",
                                               "integration/test_notify.py::test_systemd_notify_is_the_sender")),
        PODMAN,
        Step("systemd", SYSTEMD),
        SYSTEMD_USER,
    ]),
    "v2": (vm.Machine("6.1", systemd=False), [
        Step("root", RESOURCES + V2 + NESTED + UPDATE + CHECKPOINT),
        USER,
        ALONE,
    ]),
}
LONG = {
    "systemd": (vm.Machine("6.12", systemd=True, cpus=2), EVERYTHING),
    "systemd-manager": (vm.Machine("6.12", systemd=True), [MANAGER]),
    "systemd-user": (vm.Machine("6.12", systemd=True), [PODMAN, ALONE, Step("systemd-user", SYSTEMD, user=True)]),
    "v2": (vm.Machine("6.1", systemd=False), [*EVERYTHING, Step("checkpoint", CHECKPOINT), Step("unit")]),
    "v2-user": (vm.Machine("6.1", systemd=False), [PODMAN, ALONE]),
    "selinux": (vm.Machine("6.12", systemd=False, selinux=True), [Step("selinux", SELINUX)]),
    "small": (vm.Machine(vm.SMALL, systemd=False, cpus=2), [Step("small", KERNEL)]),
    "v1": (vm.Machine("6.1", systemd=False, cgroup="v1"), EVERYTHING),
    "hybrid": (vm.Machine("6.1", systemd=True, cgroup="hybrid"), EVERYTHING),
    "hybrid-manager": (vm.Machine("6.1", systemd=True, cgroup="hybrid"), [MANAGER]),
}
NAMES = sorted({*SHORT, *LONG})


def flavour(machine, step):
    """The kind of host that a step sees."""
    if step.user and not step.delegated:
        return "rootless without delegation"
    manager = ", systemd manager" if step.manager else " with systemd" if machine.systemd else ""
    kind = " with SELinux" if machine.selinux else ", small kernel" if machine.kernel == vm.SMALL else ""
    return f"{'rootless, ' if step.user else ''}{machine.cgroup}{manager}{kind}"


def environment(build, machine):
    """The head of a job. Tests run in their short form: what takes minutes on the host takes hours here."""
    values = {"HAKO": build / "hako", "HAKO_BUILD": build, "HAKO_VM": machine, "HAKO_SLOW": SLOW,
              "HAKO_LONG": "", "PYTEST": PYTEST}
    return "".join(f"export {name}={shlex.quote(str(value))}\n" for name, value in values.items())


def step_command(step, build, text):
    """A line of the job. A step that takes too long is interrupted, so that it still writes its report."""
    if step.is_unit:
        command = f"ctest --test-dir {shlex.quote(str(build))} --output-on-failure --timeout 900 -j 2" \
                  f" --no-tests=ignore --test-output-size-passed 1000000 --output-junit $OUT/{step.name}.xml"
        return f"within {command}{f' -R {shlex.quote(text)}' if text else ''}"
    command = f"{PYTEST} --junitxml=$OUT/{step.name}.xml {' '.join(step.paths)}"
    if text:
        command += f" -k {shlex.quote(text)}"
    if step.user:
        command = f"as-user {'' if step.delegated else '--without-delegation '}{command}"
    if step.manager:
        command = f"env HAKO_OPTIONS=--systemd-cgroup {command}"
    return f"within {command}"


def job(steps, build, machine, long, text):
    lines = [environment(build, machine),
             f"end=$((SECONDS + {LONG_LIMIT if long else SHORT_LIMIT}))",
             "within() { left=$((end - SECONDS)); timeout -s INT -k 30 $((left > 1 ? left : 1)) \"$@\"; }"]
    for step in steps:
        lines += [f"echo '== {step.name}'", step_command(step, build, text), f"echo $? >$OUT/{step.name}.status"]
    return "\n".join(lines) + "\n"


def run_machine(directory, name, machine, steps, build, long, text, may_fetch):
    """[Result] of one machine."""
    logs = build / "vm" / name
    label = f"vm: {machine}"
    limit = (LONG_LIMIT if long else SHORT_LIMIT) + GRACE
    try:
        linux = vm.kernel(directory, machine.kernel, may_fetch)
    except vm.Unavailable as reason:
        return [Result(label, flavour(machine, steps[0]), steps[0], logs, 0, missing=str(reason))]
    ended = vm.boot(directory, linux, machine, build, job(steps, build, machine, long, text), logs, limit)
    results = []
    for step in steps:
        report, status = logs / f"{step.name}.xml", logs / f"{step.name}.status"
        particular = step.is_unit or step.user or step.manager
        problem = "" if report.exists() else f"no report of {step.name}: see {logs}"
        results.append(Result(f"{label}: {step.name}" if particular else label, flavour(machine, step), step, report,
                              int(status.read_text()) if status.exists() else -1, problem))
    print(f"\n-- {machine}\n{vm.tail(logs / 'log', 400)}")
    if not ended:
        print(f"the machine gave no result; its console:\n{vm.tail(logs / 'console')}{vm.tail(logs / 'qemu')}")
    return results


def run(build, long, text, only, may_fetch):
    """[Result] of all machines, or of those named in only, as many at a time as there are CPUs. vm.Unavailable:
    there are none here."""
    directory = vm.image(may_fetch)
    plan = [(name, machine, steps) for name, (machine, steps) in (LONG if long else SHORT).items()
            if not only or name in only]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        runs = [pool.submit(run_machine, directory, name, machine, steps, build, long, text, may_fetch)
                for name, machine, steps in plan]
        return [result for each in runs for result in each.result()]
