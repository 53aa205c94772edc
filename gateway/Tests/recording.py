"""Reads the log of recorder.c, and replays it on a simulated disk that can lose power at any moment.

The disk keeps what a file system guarantees to keep, and nothing more (docs/gateway.md, "How it is tested").
"""

import atexit
import collections
import functools
import json
import os
import shutil
import struct
import subprocess
import tempfile
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
KINDS = ("", "process", "open", "close", "write", "truncate", "sync begins", "sync ends", "rename", "unlink", "mkdir",
         "rmdir", "request", "reply")
Event = collections.namedtuple("Event", "kind file value data")


@functools.cache
def recorder():
    """Compiles the recorder and returns its path. A path with a space in it cannot be preloaded."""
    directory = tempfile.mkdtemp(prefix="posgateway-recorder-")
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    path = os.path.join(directory, "recorder.so")
    subprocess.run(
        ["gcc", "-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", os.path.join(HERE, "recorder.c"),
         "-o", path, "-ldl"], check=True)
    return path


def read(path):
    """The events of a log. The last event may be incomplete, because the process was killed."""
    with open(path, "rb") as file:
        content = file.read()
    events, at, head = [], 0, struct.Struct("<IiQQ")
    while at + head.size <= len(content):
        kind, number, value, count = head.unpack_from(content, at)
        at += head.size
        if at + count > len(content):
            break
        events.append(Event(KINDS[kind], number, value, content[at:at + count]))
        at += count
    return events


# HTTP messages.


class Stream:
    """Messages of HTTP/1.1 with a Content-Length, from bytes that arrive in parts of any size."""

    def __init__(self):
        self.waiting = b""

    def feed(self, part):
        """The messages that are complete now: first line and body."""
        self.waiting += part
        while b"\r\n\r\n" in self.waiting:
            head, rest = self.waiting.split(b"\r\n\r\n", 1)
            count = 0
            for line in head.split(b"\r\n")[1:]:
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    count = int(value)
            if len(rest) < count:
                return
            self.waiting = rest[count:]
            yield head.split(b"\r\n")[0].decode(), rest[:count]


class Calls:
    """Pairs the requests to /gateway.do with their replies as they arrive."""

    def __init__(self):
        self.streams = {}
        self.asked = collections.defaultdict(collections.deque)

    def feed(self, event):
        """What is complete after this event: (method, content, None) for a request, with the reply for a reply."""
        if event.kind == "process":
            self.__init__()
        if event.kind not in ("request", "reply"):
            return
        stream = self.streams.setdefault((event.kind, event.file), Stream())
        for line, body in stream.feed(event.data):
            if event.kind == "request":
                parameters = dict(urllib.parse.parse_qsl(body.decode())) if line.startswith("POST /gateway.do") else {}
                call = (parameters.get("method", line), json.loads(parameters.get("biz_content", "{}")))
                self.asked[event.file].append(call)
                yield (*call, None)
            else:
                reply = json.loads(body) if body.startswith(b'{"') else {}
                node = next((value for name, value in reply.items() if name.endswith("_response")), {})
                yield (*self.asked[event.file].popleft(), node)


def between(log):
    """For each call of a log: its method, its content, the number of writes to the write-ahead log and the number of syncs
    of any file between its request and its reply. Calls must not overlap."""
    calls, found, syncs, writes, logs = Calls(), [], 0, 0, set()
    for event in read(log):
        if event.kind == "open" and event.data.endswith(b"-wal"):
            logs.add(event.file)
        elif event.kind == "close":
            logs.discard(event.file)
        syncs += event.kind == "sync ends"
        writes += event.kind == "write" and event.file in logs
        for method, content, reply in calls.feed(event):
            if reply is None:
                syncs = writes = 0
            else:
                found.append((method, content, writes, syncs))
    return found


# The simulated disk.


class File:
    """A file. `kept` is its durable content. `pending` holds the later changes in order: (event, offset, bytes) for a write,
    (event, size, None) for a new size."""

    def __init__(self, content=b""):
        self.kept, self.pending = bytearray(content), []

    @staticmethod
    def apply(content, offset, data):
        if data is None:
            del content[offset:]
            content.extend(bytes(offset - len(content)))
            return
        if len(content) < offset:
            content.extend(bytes(offset - len(content)))
        content[offset:offset + len(data)] = data

    def sync(self, before):
        count = sum(1 for event, _, _ in self.pending if event < before)
        for _, offset, data in self.pending[:count]:
            self.apply(self.kept, offset, data)
        del self.pending[:count]

    def seen(self):
        content = bytearray(self.kept)
        for _, offset, data in self.pending:
            self.apply(content, offset, data)
        return content

    def after_cut(self, survival, dice):
        if survival == "nothing" or not self.pending:
            return self.kept
        if survival == "all":
            return self.seen()
        content = bytearray(self.kept)
        sizes = [len(content)]
        for _, offset, data in self.pending:
            sizes.append(offset if data is None else max(sizes[-1], offset + len(data)))
        style = dice.choice(("prefix", "writes", "sectors", "pages"))
        if style == "prefix":
            # In order. The last one is torn.
            count = dice.randrange(len(self.pending) + 1)
            for _, offset, data in self.pending[:count]:
                self.apply(content, offset, data)
            if count < len(self.pending) and self.pending[count][2]:
                _, offset, data = self.pending[count]
                self.apply(content, offset, data[:dice.randrange(len(data) + 1)])
        elif style == "writes":
            likely = dice.random()
            for _, offset, data in self.pending:
                if dice.random() < likely:
                    self.apply(content, offset, data)
        else:
            self.scatter(content, 512 if style == "sectors" else 4096, dice)
        # Any size that the file has had since, or one between. Unwritten bytes are zeros or noise. A cut-off is applied
        # completely or not at all.
        if any(data is None for _, _, data in self.pending):
            return content
        size = dice.choice((len(content), dice.choice(sizes), dice.randint(sizes[0], sizes[-1])))
        if size > len(content):
            content.extend(dice.randbytes(size - len(content)) if dice.random() < 0.5 else bytes(size - len(content)))
        del content[size:]
        return content

    def scatter(self, content, grain, dice):
        """Gives each sector one of the states that it has been in, or a torn mix of two of them."""
        last, until = len(self.pending), {}
        for index, (_, offset, data) in enumerate(self.pending):
            if data is None:
                if dice.random() < 0.5:
                    self.apply(content, offset, None)
                continue
            start, end = offset, offset + len(data)
            while start < end:
                sector = start // grain
                stop = min(end, (sector + 1) * grain)
                if sector not in until:
                    until[sector] = dice.choice((0, last, dice.randrange(last + 1)))
                part = data[start - offset:stop - offset]
                if index == until[sector] and dice.random() < 0.25:
                    part = part[:dice.randrange(len(part) + 1)]
                if index <= until[sector] and (index < until[sector] or len(part) < stop - start):
                    self.apply(content, start, part)
                start = stop


DIRECTORY = "a directory"


class Disk:
    """Files and directories below a root directory. The root is durable from the start."""

    def __init__(self, root, start=None, lies=()):
        """`start` is a directory whose files are already durable. `lies` are the guarantees that this disk breaks:
        "no sync", "no sync of the log at a commit", "no sync of directories"."""
        self.root, self.lies, self.count = root, lies, 0
        self.kept, self.names = {}, {}
        self.changes = collections.defaultdict(list)
        self.handles, self.syncs = {}, {}
        if start:
            for folder, folders, files in os.walk(start):
                for name in folders:
                    self.kept[os.path.relpath(os.path.join(folder, name), start)] = DIRECTORY
                for name in files:
                    if not name.endswith("-shm"):
                        path = os.path.join(folder, name)
                        with open(path, "rb") as file:
                            self.kept[os.path.relpath(path, start)] = File(file.read())
            self.names = dict(self.kept)

    def relative(self, data):
        return os.path.relpath(data.decode(), self.root)

    def change(self, path, *change):
        """Records a change in a directory: a name and its new file, None for a removed name."""
        self.changes[os.path.dirname(path)].append((self.count, change))
        self.rename(self.names, change)

    @staticmethod
    def rename(names, change):
        for path, what in change:
            if what is None:
                names.pop(path, None)
            else:
                names[path] = what

    def feed(self, event):
        """The path of the file that the event is about, or None."""
        self.count += 1
        if event.kind == "process":
            self.handles, self.syncs = {}, {}
        elif event.kind == "open":
            path = self.relative(event.data)
            if event.value:
                self.change(path, (path, File()))
            self.handles[event.file] = path, self.names.get(path, DIRECTORY)
            return path
        elif event.kind == "close":
            self.handles.pop(event.file)
        elif event.kind in ("write", "truncate"):
            path, file = self.handles[event.file]
            file.pending.append((self.count, event.value, event.data if event.kind == "write" else None))
            return path
        elif event.kind == "sync begins":
            path, what = self.handles[event.file]
            self.syncs[event.value] = path, what, self.count
            return path
        elif event.kind == "sync ends":
            path, what, before = self.syncs.pop(event.value)
            self.settle(path, what, before)
            return path
        elif event.kind == "rename":
            old, new = (self.relative(data) for data in event.data.split(b"\0"))
            assert os.path.dirname(old) == os.path.dirname(new), event
            self.change(new, (new, self.names[old]), (old, None))
            return new
        elif event.kind in ("unlink", "rmdir", "mkdir"):
            path = self.relative(event.data)
            self.change(path, (path, DIRECTORY if event.kind == "mkdir" else None))
            return path
        return None

    def settle(self, path, what, before):
        if what is not DIRECTORY:
            if "no sync" not in self.lies:
                what.sync(before)
            return
        if "no sync of directories" in self.lies:
            return
        changes = self.changes["" if path == "." else path]
        while changes and changes[0][0] < before:
            self.rename(self.kept, changes.pop(0)[1])

    def seen(self):
        return {path: DIRECTORY if what is DIRECTORY else bytes(what.seen()) for path, what in self.names.items()}

    def cut(self, into, names, contents, dice):
        """Writes the files that are found after the power is back."""
        found = dict(self.kept)
        for changes in self.changes.values():
            count = {"nothing": 0, "all": len(changes)}.get(names, dice.randrange(len(changes) + 1))
            for _, change in changes[:count]:
                self.rename(found, change)
        os.mkdir(into, 0o700)
        for path in sorted(found):
            # A file in a directory that is not there cannot be reached. Memory mappings are not on the disk either.
            place = os.path.join(into, path)
            if path.endswith("-shm") or not os.path.isdir(os.path.dirname(place)):
                continue
            if found[path] is DIRECTORY:
                os.mkdir(place, 0o700)
                continue
            with open(place, "wb", buffering=0) as file:
                file.write(found[path].after_cut(contents, dice))
                os.fchmod(file.fileno(), 0o600)


def without_syncs_at_commits(events):
    """The same events, but the write-ahead log is synced at checkpoints only: PRAGMA synchronous = NORMAL."""
    handles, begun, dropped = {}, {}, set()
    last = None
    for index, event in enumerate(events):
        if event.kind == "process":
            handles, begun, last = {}, {}, None
        elif event.kind == "open":
            handles[event.file] = event.data
        elif event.kind == "sync begins" and handles[event.file].endswith(b"-wal"):
            begun[event.value] = index
        elif event.kind == "sync ends" and event.value in begun:
            last = begun.pop(event.value), index
        elif event.kind == "write" and last:
            # A checkpoint syncs the log and then writes to the database.
            if not handles[event.file].endswith(b".sqlite"):
                dropped.update(last)
            last = None
    return [event for index, event in enumerate(events) if index not in dropped]


def without_syncs_at_starts(events):
    """The same events, but no process syncs a write-ahead log before it first writes to it."""
    handles, dropped, has_written, begun = {}, set(), False, {}
    for index, event in enumerate(events):
        if event.kind == "process":
            handles, has_written, begun = {}, False, {}
        elif event.kind == "open":
            handles[event.file] = event.data
        elif event.kind == "write" and handles[event.file].endswith(b"-wal"):
            has_written = True
        elif event.kind == "sync begins" and handles[event.file].endswith(b"-wal") and not has_written:
            begun[event.value] = index
        elif event.kind == "sync ends" and event.value in begun:
            dropped.update((begun.pop(event.value), index))
    return [event for index, event in enumerate(events) if index not in dropped]


def environment(log, root, **more):
    """The environment of a process that is recorded."""
    return {"LD_PRELOAD": recorder(), "RECORDER_LOG": log, "RECORDER_ROOT": root,
            **{"RECORDER_" + name.upper(): str(value) for name, value in more.items()}}
