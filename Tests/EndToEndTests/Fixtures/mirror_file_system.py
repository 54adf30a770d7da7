"""A file system of our own that can be made to hang, as a dead network mount does: it mirrors one folder,
read-only, until its process is stopped (SIGSTOP), and again when that goes on.

  mirror_file_system.py FOLDER MOUNT PIDFILE COMMAND [ARGUMENTS]

mounts FOLDER on MOUNT, writes the number of the process that serves it to PIDFILE, and becomes the
command, whose end ends the server too. The process stops by itself when it is first asked for what lies
beyond 512 KiB of a file. It speaks the kernel's protocol (linux/fuse.h) itself."""
import ctypes
import errno
import os
import signal
import stat
import struct
import sys

folder, mount, pidfile, *command = sys.argv[1:]
libc = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG, MS_NOSUID, MS_NODEV = 1, 2, 4
LOOKUP, FORGET, GETATTR, OPEN, READ, STATFS, RELEASE, INIT = 1, 2, 3, 14, 15, 17, 18, 26
OPENDIR, READDIR, RELEASEDIR, INTERRUPT, BATCH_FORGET = 27, 28, 29, 36, 42

device = os.open("/dev/fuse", os.O_RDWR)
options = f"fd={device},rootmode=40000,user_id={os.getuid()},group_id={os.getgid()}"
if libc.mount(b"mirror", mount.encode(), b"fuse", MS_NOSUID | MS_NODEV, options.encode()) != 0:
    sys.exit(f"mount: {os.strerror(ctypes.get_errno())}")

paths = {1: folder}  # by number of the node
has_stopped = False


def node(path):
    for number, known in paths.items():
        if known == path:
            return number
    paths[len(paths) + 1] = path
    return len(paths)


def attributes(number):
    s = os.lstat(paths[number])
    times = [int(t // 10**9) for t in (s.st_atime_ns, s.st_mtime_ns, s.st_ctime_ns)]
    parts = [int(t % 10**9) for t in (s.st_atime_ns, s.st_mtime_ns, s.st_ctime_ns)]
    return struct.pack("<6Q10I", number, s.st_size, s.st_blocks, *times, *parts, s.st_mode, s.st_nlink,
                       os.getuid(), os.getgid(), 0, 4096, 0)


def answer(code, number, body):
    if code == INIT:
        # Version 7.31, and no abilities: nothing is cached, every question comes here.
        return struct.pack("<4IHH2IHHI7I", 7, 31, 0, 0, 1, 1, 4096, 1, 1, 0, 0, *[0] * 7)
    if code == LOOKUP:
        path = os.path.join(paths[number], os.fsdecode(body[:-1]))
        os.lstat(path)
        found = node(path)
        return struct.pack("<4Q2I", found, 1, 0, 0, 0, 0) + attributes(found)
    if code == GETATTR:
        return struct.pack("<Q2I", 0, 0, 0) + attributes(number)
    if code in (OPEN, OPENDIR):
        return struct.pack("<Q2I", 0, 0, 0)
    if code in (READ, READDIR):
        _, offset, size = struct.unpack_from("<QQI", body)
        if code == READ:
            stop_beyond(offset)
            with open(paths[number], "rb") as file:
                file.seek(offset)
                return file.read(size)
        return entries(number, offset, size)
    if code == STATFS:
        return struct.pack("<5Q10I", 0, 0, 0, 0, 0, 4096, 255, 4096, *[0] * 7)
    if code in (RELEASE, RELEASEDIR):
        return b""
    raise OSError(errno.ENOSYS, "")


def stop_beyond(offset):
    global has_stopped
    if offset >= 512 << 10 and not has_stopped:
        has_stopped = True
        os.kill(os.getpid(), signal.SIGSTOP)


def entries(number, offset, size):
    listed = b""
    for place, name in enumerate(sorted(os.listdir(paths[number]))):
        path = os.path.join(paths[number], name)
        raw = os.fsencode(name)
        entry = struct.pack("<QQII", node(path), place + 1, len(raw), stat.S_IFMT(os.lstat(path).st_mode) >> 12)
        entry += raw + bytes(-len(raw) % 8)
        if place >= offset and len(listed) + len(entry) <= size:
            listed += entry
    return listed


def serve():
    while True:
        try:
            request = os.read(device, 1 << 17)
        except OSError as error:
            if error.errno in (errno.EINTR, errno.ENOENT):
                continue
            return  # unmounted
        size, code, unique, number = struct.unpack_from("<IIQQ", request)
        if code in (FORGET, BATCH_FORGET, INTERRUPT):
            continue
        try:
            content, failure = answer(code, number, request[40:size]), 0
        except OSError as error:
            content, failure = b"", -error.errno
        try:
            os.write(device, struct.pack("<IiQ", 16 + len(content), failure, unique) + content)
        except OSError as error:
            if error.errno != errno.ENOENT:  # whoever asked was killed
                raise


ready, told = os.pipe()
server = os.fork()
if server == 0:
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.close(ready)
    with open(pidfile, "w") as file:
        file.write(str(os.getpid()))
    os.close(told)
    serve()
    os._exit(0)
os.close(told)
os.read(ready, 1)
os.close(device)
os.execv(command[0], command)
