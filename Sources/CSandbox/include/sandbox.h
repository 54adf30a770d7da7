// What a process takes from itself for good, of what Swift cannot call: prctl(2), landlock(7),
// seccomp(2). Nothing is allocated. Functions return 0, or the error number of the call that failed.
#ifndef CSANDBOX_SANDBOX_H
#define CSANDBOX_SANDBOX_H

#include <stddef.h>

// No program that is started gets more rights than this one; needed by the two below.
int sb_refuse_new_privileges(void);

// The kernel's Landlock version; 0 where it has none or may not be asked.
int sb_landlock_version(void);

// From now on this thread, and those it starts, open nothing but the files at these paths and what
// lies below the folders among them, and only for reading; a path that is not there is left out.
// From version 4 on no TCP, from version 6 on no abstract sockets and no signals to others.
int sb_restrict_files(const char *const *paths, size_t count);

// Whether sb_filter_calls knows this machine's system calls and the kernel has filters.
int sb_can_filter_calls(void);

// From now on no thread starts a program or a process, opens a socket, opens a file for writing,
// maps memory that can be executed, or makes any call beside those that reading and computing need:
// they fail with EPERM, and newer variants with ENOSYS so that the C library takes the older ones.
int sb_filter_calls(void);

#endif
