"""Runs the tests on a mutant until one fails. The fastest tests run first."""

import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from builds import BASE, HERE, SWIFT_LIBRARIES, build_firmware, build_probe, compile_module, compiles, path


def limits():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))


def run_test(command, libraries, seconds):
    """Runs a test. Returns None when it passes, else its first failure."""
    # A directory outside the repository, because tests without privileges need access to it.
    scratch = tempfile.mkdtemp(prefix="posoffline-mutation-")
    os.chmod(scratch, 0o711)
    environment = dict(os.environ, LD_LIBRARY_PATH=":".join(libraries), SWIFT_BACKTRACE="enable=no", TMPDIR=scratch)
    process = subprocess.Popen(  # pylint: disable=consider-using-with,subprocess-popen-preexec-fn
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        start_new_session=True, preexec_fn=limits, text=True, errors="replace")
    late = threading.Event()

    def kill():
        """Kills the process and its remaining children."""
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def stop():
        late.set()
        kill()

    timer = threading.Timer(seconds, stop)
    timer.start()
    reason = None
    try:
        for line in process.stdout:
            line = re.sub(r"\x1b\[[0-9;]*m", "", line).strip()
            if line.startswith("FAILED") or "✘" in line:
                reason = line
                kill()
                break
        process.stdout.close()
        status = process.wait()
    finally:
        timer.cancel()
        kill()
    shutil.rmtree(scratch, ignore_errors=True)
    if status in (126, 127):
        sys.exit(f"mutation: cannot run {command[0]}")
    if late.is_set():
        return f"took more than {seconds:.0f} s"
    return reason or (f"ended with status {status}" if status else None)


class Trial:
    """The test programs, and the time of each with the unchanged library."""

    def __init__(self):
        self.libraries = [BASE, SWIFT_LIBRARIES]
        self.seconds = {}
        # Groups of tests of the conformance suite. Tests that fail on the ordinary build run on the shipped file only.
        self.quick, self.slow, self.firmware_only = [], [], []
        program = os.path.join(BASE, "conformance")
        environment = dict(os.environ, LD_LIBRARY_PATH=":".join(self.libraries))
        names = subprocess.run([program, "--list"], env=environment, check=True, stdout=subprocess.PIPE,
                               text=True).stdout.splitlines()
        for name in names:
            begin = time.monotonic()
            failed = run_test([program, name], self.libraries, 120)
            quick = time.monotonic() - begin < 0.3
            (self.firmware_only if failed else self.quick if quick else self.slow).append(name)

    def stages(self, module):
        """The (name, command) of the tests, in the order of execution."""
        conformance = os.path.join(BASE, "conformance")
        quick = "conformance", [conformance, *self.quick]
        slow = "conformance", [conformance, *self.slow]
        code = "TransitCodeTests", [os.path.join(BASE, "TransitCodeTests")]
        gate = "TransitGateTests", [os.path.join(BASE, "TransitGateTests")]
        der = "DERTests", [os.path.join(BASE, "PortableCryptoTests"), "--filter", "DERTests"]
        durable = "durable", [os.path.join(BASE, "durable"), "2000"]
        recovery = "recovery", [os.path.join(BASE, "recovery")]
        return {"TransitCrypto": [der, quick, slow], "TransitCode": [code, quick, gate, slow],
                "TransitGate": [quick, gate, durable, slow], "posoffline": [quick, durable, recovery, slow]}[module]

    def limit(self, command):
        """The time limit of a test in seconds, far above its time with the unchanged library."""
        key = " ".join(command)
        if key not in self.seconds:
            begin = time.monotonic()
            reason = run_test(command, self.libraries, 900)
            if reason:
                sys.exit(f"mutation: {os.path.basename(command[0])} fails without any change: {reason}")
            self.seconds[key] = 20 + 5 * (time.monotonic() - begin)
        return self.seconds[key]

    def judge(self, mutant, text, work):
        """Returns the test that killed the mutant; "" if none did; None if the mutant does not compile."""
        module = mutant.file.split("/")[0]
        shutil.rmtree(work, ignore_errors=True)
        directory = os.path.join(work, module)
        shutil.copytree(path("Sources", module), directory)
        with open(os.path.join(directory, os.path.basename(mutant.file)), "w", encoding="utf-8") as file:
            file.write(text)
        if module == "PortableCrypto":
            return self.judge_arithmetic(directory, work, mutant.width)
        if not compiles(compile_module(module, directory, work)):
            return None
        for name, command in self.stages(module):
            reason = run_test(command, [work, *self.libraries], self.limit(command))
            if reason:
                return f"{name}: {reason}"
        return self.judge_firmware(module, directory, work, self.firmware_only, [os.path.join(BASE, "memory")])

    def judge_arithmetic(self, directory, work, width):
        library = build_probe(directory, work, width)
        if library is None:
            return None
        script = [sys.executable, os.path.join(HERE, "arithmetic.py"), library, os.path.join(BASE, "constants")]
        reason = run_test(script, [], 120)
        if reason:
            return f"arithmetic: {reason}"
        return "" if width == 32 else self.judge_firmware("PortableCrypto", directory, work, self.quick)

    @staticmethod
    def judge_firmware(module, directory, work, names, *more):
        """Runs the tests that need the shipped file."""
        library = build_firmware(module, directory, work)
        if library is None:
            return None
        for command in [[os.path.join(BASE, "loading"), library, "120"], [os.path.join(BASE, "conformance"), *names],
                        *more]:
            reason = run_test(command, [work], 400)
            if reason:
                return f"{os.path.basename(command[0])} of the shipped file: {reason}"
        return ""
