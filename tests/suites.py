"""Builds hako and runs the test suites, one after the other; tests/run calls this."""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "vm"))

sys.path.insert(0, str(Path(__file__).resolve().parent / "lib"))

import host  # noqa: E402
import selection  # noqa: E402
import vm  # noqa: E402
from tally import Tally, count_pytest, count_unit, first_line  # noqa: E402

TESTS = Path(__file__).resolve().parent
SOURCE = TESTS.parent
RELEASE = SOURCE / "build-tests"
SANITIZED = SOURCE / "build-sanitize"
SUITES = ["unit", "arch", "lint", "integration", "conformance", "clients", "vm", "bench", "sanitize"]
# Those that run with the ASan and UBSan build too.
SANITIZABLE = ["unit", "integration", "conformance", "clients"]
# Those that another runtime can run.
PEER = ["integration", "conformance"]
# Those that docs/compat.md tells the outcome of, by kinds of hosts.
MATRIX = ["integration", "conformance", "clients"]
# A suite that hangs must not hang its caller; each test has its own, shorter limits.
SUITE_TIMEOUT = 1500

SANITIZER_ENV = {
    "ASAN_OPTIONS": "abort_on_error=0:exitcode=99:detect_leaks={leaks}:strict_string_checks=1:"
                    "detect_stack_use_after_return=1:log_path={log}",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1:log_path={log}",
}
# Not "CHECK failed", nor that its own setrlimit() failed: a test that makes system calls fail hit the
# sanitizer's own.
SANITIZER_ERROR = re.compile(r"ERROR:(?! \w+ [gs]etrlimit\(\) failed)|runtime error:")


def run(command, log=None, env=None, timeout=SUITE_TIMEOUT):
    """Run a command and give its status; what it prints goes to log, or through to the user."""
    output = open(log, "wb") if log else None
    try:
        return subprocess.run(command, env={**os.environ, **(env or {})}, cwd=SOURCE, timeout=timeout,
                              stdin=subprocess.DEVNULL, stdout=output,
                              stderr=subprocess.STDOUT if log else None).returncode
    except subprocess.TimeoutExpired:
        print(f"gave up after {timeout} s: {' '.join(map(str, command))}")
        return -1
    finally:
        if output:
            output.close()


def build(directory, tally, *options):
    """Configure and build; False, and a failure in the tally, when that did not work."""
    directory.mkdir(exist_ok=True)
    log = directory / "build.log"
    werror = "ON" if os.environ.get("CI") else "OFF"
    start = time.monotonic()
    configure = ["cmake", "-S", SOURCE, "-B", directory, "-DHAKO_TESTS=ON", f"-DHAKO_WERROR={werror}",
                 *options]
    compile_all = ["cmake", "--build", directory, "-j", str(os.cpu_count() or 2)]
    for command in (configure, compile_all):
        if run(command, log) != 0:
            print(log.read_text(errors="replace")[-8000:])
            tally.add(f"build of {directory.name}", "failed", f"see {log}")
            return False
    print(f"built {directory.name} in {time.monotonic() - start:.0f} s")
    return True


def unit(directory, tally, options, env=None, prefix="unit"):
    """ctest over the cmocka programs; each cmocka test counts."""
    report = directory / "unit.xml"
    report.unlink(missing_ok=True)
    command = ["ctest", "--test-dir", directory, "--output-on-failure", "--no-tests=error",
               "--timeout", "120", "-j", str(os.cpu_count() or 2), "--output-junit", report,
               "--test-output-size-passed", "1000000"]
    if options.filter:
        command += ["-R", options.filter, "--no-tests=ignore"]
    status = run(command, env=env)
    if not report.exists():
        tally.add(prefix, "failed", f"ctest ended with status {status} and wrote no report")
        return
    count_unit(prefix, report, status, tally)


def pytest(suite, directory, tally, options, env=None, paths=None, label=None):
    """pytest over a folder (or files of it) with the build to test in the environment, or a peer."""
    label = label or suite
    paths = paths or [TESTS / suite]
    if not any(path.exists() for path in paths):
        tally.add(label, "failed", "the suite is missing")
        return
    report = directory / f"{suite}.xml"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "addopts=",
               f"--junitxml={report}", "-o", "junit_logging=no", "--rootdir", TESTS, *paths]
    if options.filter:
        command += ["-k", options.filter]
    if options.peer:
        command += ["-m", "not hako_only"]
    program = shutil.which(options.peer) if options.peer else directory / "hako"
    status = run(command, env={"HAKO": str(program), "HAKO_BUILD": str(directory),
                               "HAKO_LONG": "1" if options.long else "", **(env or {})})
    if not report.exists():
        tally.add(label, "failed", f"pytest ended with status {status} and wrote no report")
        return
    if not options.peer:  # what a peer fails at is to be seen, and no failure
        count_pytest(label, report, status, tally, options.filter)
    if suite in MATRIX and not env:
        tally.matrix.add(report, host.flavour(), options.peer or "hako")


def machines(directory, tally, options):
    """The tests that tests/vm/selection.py chose, in machines with cgroup v2 and systemd."""
    try:
        results = selection.run(directory, options.long, options.filter, options.machine, not options.no_install)
    except vm.Unavailable as reason:
        tally.add("vm", "skipped", str(reason))
        return
    except (RuntimeError, OSError, subprocess.SubprocessError) as error:
        print(error)
        tally.add("vm", "failed", first_line(str(error)))
        return
    for result in results:
        if result.missing:
            tally.add(result.label, "skipped", result.missing)
        elif result.problem:
            tally.add(result.label, "failed", result.problem)
        elif result.step.is_unit:
            count_unit(result.label, result.report, result.status, tally)
        else:
            count_pytest(result.label, result.report, result.status, tally, options.filter)
            tally.matrix.add(result.report, result.flavour)


def sanitizer_env(directory, leaks):
    logs = directory / "sanitizer"
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir()
    # Containers' processes may report too, from other ids.
    logs.chmod(0o1777)
    return {name: value.format(leaks=int(leaks), log=logs / "report")
            for name, value in SANITIZER_ENV.items()}


def count_sanitizer_reports(directory, suite, tally):
    for log in sorted((directory / "sanitizer").iterdir()):
        text = log.read_text(errors="replace")
        error = next((line for line in text.splitlines() if SANITIZER_ERROR.search(line)), "")
        if not error:
            continue
        print(text[:6000])
        tally.add(f"{suite}: sanitizer report", "failed", f"{log}: {error.strip()}")


def has_sanitizers():
    """Whether programs with ASan and UBSan can be built and run here: musl has neither."""
    program = SANITIZED / "probe"
    SANITIZED.mkdir(exist_ok=True)
    command = ["cc", "-fsanitize=address,undefined", "-xc", "-", "-o", program]
    return subprocess.run(command, input=b"int main(void) { return 0; }", capture_output=True).returncode == 0 \
        and subprocess.run([program], capture_output=True).returncode == 0


def sanitized(suite, tally, options):
    """One suite with the ASan and UBSan build."""
    env = sanitizer_env(SANITIZED, leaks=suite == "unit")
    if suite == "unit":
        unit(SANITIZED, tally, options, env, "unit with sanitizers")
    else:
        pytest(suite, SANITIZED, tally, options, env, label=f"{suite} with sanitizers")
    count_sanitizer_reports(SANITIZED, f"{suite} with sanitizers", tally)


def arguments():
    parser = argparse.ArgumentParser(prog="tests/run")
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=" ".join(SUITES))
    parser.add_argument("--filter", metavar="TEXT", help="only tests whose name matches")
    parser.add_argument("--sanitize", action="store_true", help="use the ASan and UBSan build")
    parser.add_argument("--long", action="store_true", help="also what takes minutes")
    parser.add_argument("--vm", action="store_true", help="the suite vm, as by its name")
    parser.add_argument("--machine", action="append", choices=selection.NAMES, help="of the suite vm, this one")
    parser.add_argument("--peer", choices=["runc", "crun"], help="of integration and conformance the tests that need "
                        "nothing but runc's command line, with that runtime")
    parser.add_argument("--matrix", type=Path, metavar="FILE", help="note what came of each test, for docs/generate")
    parser.add_argument("--no-install", action="store_true", help="do not call the package manager")
    options = parser.parse_args()
    options.suites += ["vm"] if options.vm else []
    unknown = set(options.suites) - set(SUITES)
    if unknown:
        parser.error(f"no such suite: {' '.join(sorted(unknown))} (there are {' '.join(SUITES)})")
    options.suites = [suite for suite in SUITES if suite in (options.suites or (PEER if options.peer else SUITES))]
    if options.peer and not set(options.suites) <= set(PEER):
        parser.error(f"with --peer the suites are {' '.join(PEER)}")
    if options.peer and not shutil.which(options.peer):
        parser.error(f"there is no {options.peer} here")
    return options


def plan(options):
    """[(suite, runs with sanitizers)] in order: what fails fast comes first."""
    if options.sanitize:
        return [(suite, True) for suite in options.suites if suite in SANITIZABLE]
    steps = [(suite, False) for suite in options.suites if suite != "sanitize"]
    if "sanitize" in options.suites:
        steps += [(suite, True) for suite in SANITIZABLE]
    return steps


def run_release(suite, tally, options):
    if suite == "unit":
        unit(RELEASE, tally, options)
    elif suite == "arch":
        pytest("arch", RELEASE, tally, options, paths=sorted(
            path for path in (TESTS / "arch").glob("test_*.py") if path.name != "test_lint.py"))
    elif suite == "lint":
        pytest("lint", RELEASE, tally, options, paths=[TESTS / "arch" / "test_lint.py"])
    elif suite == "vm":
        machines(RELEASE, tally, options)
    else:
        pytest(suite, RELEASE, tally, options)


def give_back():
    """Under sudo, what was built belongs to the user who asked for it."""
    owner = os.environ.get("SUDO_UID")
    if owner and os.geteuid() == 0:
        for directory in filter(Path.exists, (RELEASE, SANITIZED, SOURCE / "build-vm")):
            subprocess.run(["chown", "-R", f"{owner}:{os.environ.get('SUDO_GID', owner)}", directory])


def main():
    options = arguments()
    tally = Tally()
    steps = plan(options)
    built = {}
    for suite, with_sanitizers in steps:
        if with_sanitizers and not has_sanitizers():
            tally.add(f"{suite} with sanitizers", "skipped", "the compiler has no ASan and UBSan here")
            continue
        if with_sanitizers not in built:
            built[with_sanitizers] = (
                build(SANITIZED, tally, "-DCMAKE_BUILD_TYPE=Debug", "-DHAKO_SANITIZE=ON")
                if with_sanitizers else build(RELEASE, tally, "-DCMAKE_BUILD_TYPE=Release"))
        if not built[with_sanitizers]:
            continue
        start = time.monotonic()
        print(f"\n== {suite}{' with sanitizers' if with_sanitizers else ''}", flush=True)
        if with_sanitizers:
            sanitized(suite, tally, options)
        else:
            run_release(suite, tally, options)
        print(f"== {suite}: {time.monotonic() - start:.0f} s", flush=True)
    if options.matrix:
        tally.matrix.update(options.matrix, options.filter)
    give_back()
    status = tally.report()
    return 0 if options.peer else status  # nothing was counted


if __name__ == "__main__":
    sys.exit(main())
