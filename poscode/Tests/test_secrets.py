"""poscode neither prints keys nor leaves them in a core file"""

import os
import resource
import signal
import subprocess

import support
from support import CommandTest, Gate, development_keys

KEY = bytes(range(100, 132))


def may_dump_core():
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


class Secrets(CommandTest):
    def dumps_core(self, command):
        """Whether a process that has read the key from a pipe leaves a core file when it is aborted."""
        os.mkfifo(self.path("key"))
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd=self.directory, preexec_fn=may_dump_core)
        with process.stdin:
            with open(self.path("key"), "w") as key:
                key.write(KEY.hex() + "\n")
            process.send_signal(signal.SIGABRT)
            _, status = os.waitpid(process.pid, 0)
        process.returncode = status
        os.remove(self.path("key"))
        self.assertTrue(os.WIFSIGNALED(status), status)
        self.assertEqual(os.WTERMSIG(status), signal.SIGABRT)
        return os.WCOREDUMP(status)

    def test_no_core(self):
        self.assertTrue(self.dumps_core(["cat", "key", "-"]), "here no process leaves a core, so nothing is shown")
        for command in ("verify-record", "inspect"):
            self.assertFalse(self.dumps_core([support.POSCODE, command, "--record-key-file", "key"]), command)

    def test_a_record_key_is_not_printed(self):
        key = self.file("record.key", KEY.hex() + "\n")
        damaged = [KEY.hex()[:-1], KEY.hex() + "xy", KEY.hex() * 5, KEY.hex()[:20]]
        gate = Gate(development_keys(), KEY)
        record = gate.record(self.issue("--window", "600"))
        gate.close()
        outputs = []
        for options in ((), ("--json",), ("-q",)):
            for text in (record, record[:-2] + "00", record[:100]):
                outputs.append(support.poscode("verify-record", "--record-key-file", key, *options, text))
        for options in ((), ("--json",)):
            outputs.append(support.poscode("inspect", "--record-key-file", key, *options, record))
        for content in damaged:
            outputs.append(support.poscode("verify-record", "--record-key-file", self.file("damaged", content), record))
            self.assertEqual(outputs[-1].code, 65)
        for output in outputs:
            for length in range(8, len(KEY.hex()) + 1, 8):
                self.assertNotIn(KEY.hex()[length - 8:length], (output.text + output.err).lower())
