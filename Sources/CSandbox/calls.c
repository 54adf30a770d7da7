// A system-call filter (seccomp(2)) in classic BPF: a list of what is allowed, by number; some calls
// by their arguments too; everything else fails. Kernels remember which calls are always allowed, so
// that those cost nothing (Linux 5.11).
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define MACHINE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define MACHINE AUDIT_ARCH_AARCH64
#endif

#ifndef MACHINE

int sb_can_filter_calls(void) { return 0; }
int sb_filter_calls(void) { return ENOSYS; }

#else

// What reading files, computing on threads and ending need; none of it reaches beyond this process.
static const int allowed[] = {
    SYS_read, SYS_pread64, SYS_readv, SYS_preadv, SYS_write, SYS_writev, SYS_close, SYS_lseek,
    SYS_fstat, SYS_newfstatat, SYS_statx, SYS_statfs, SYS_fstatfs, SYS_getdents64, SYS_getcwd,
    SYS_readlinkat, SYS_faccessat, SYS_faccessat2, SYS_fadvise64, SYS_ppoll, SYS_munmap,
    SYS_mremap, SYS_madvise, SYS_mincore, SYS_brk, SYS_membarrier, SYS_futex, SYS_set_robust_list,
    SYS_get_robust_list, SYS_rseq, SYS_set_tid_address, SYS_sched_yield, SYS_sched_getaffinity,
    SYS_sched_setaffinity, SYS_sched_getparam, SYS_sched_getscheduler, SYS_getcpu,
    SYS_get_mempolicy, SYS_nanosleep, SYS_clock_nanosleep, SYS_clock_gettime, SYS_clock_getres,
    SYS_gettimeofday, SYS_times, SYS_getrusage, SYS_sysinfo, SYS_uname, SYS_getrandom, SYS_getpid,
    SYS_getppid, SYS_gettid, SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_rt_sigaction,
    SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_sigaltstack, SYS_restart_syscall, SYS_exit,
    SYS_exit_group,
    // Landlock's three, by number as in files.c: they only ever take files away.
    444, 445, 446,
#if defined(__x86_64__)
    SYS_stat, SYS_lstat, SYS_access, SYS_readlink, SYS_poll, SYS_time, SYS_getrlimit,
#endif
};

enum { allow_value, allow_if_clear, allow_if_set };

// A call that is allowed when one of its arguments, or some bits of it, has a certain value. An
// argument is compared by its low half, which is all that the kernel itself looks at in these.
struct condition {
  int call, argument, how;
  unsigned mask;
};

// For writing, or anything that makes or changes a file.
enum { changes_files = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND |
                     (O_TMPFILE & ~O_DIRECTORY) };

static struct sock_filter load(size_t offset) {
  return (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offset);
}

static struct sock_filter give(unsigned action) {
  return (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action);
}

static struct sock_filter skip_unless(unsigned short test, unsigned value, unsigned char count) {
  return (struct sock_filter)BPF_JUMP(BPF_JMP | test | BPF_K, value, 0, count);
}

int sb_can_filter_calls(void) {
  unsigned action = SECCOMP_RET_ERRNO;
  return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

int sb_filter_calls(void) {
  const struct condition conditions[] = {
      {SYS_openat, 2, allow_if_clear, changes_files},
#if defined(__x86_64__)
      {SYS_open, 1, allow_if_clear, changes_files},
#endif
      {SYS_mmap, 2, allow_if_clear, PROT_EXEC},
      {SYS_mprotect, 2, allow_if_clear, PROT_EXEC},
      // Threads of this process, never another process.
      {SYS_clone, 0, allow_if_set, CLONE_THREAD},
      // The rank of this thread alone.
      {SYS_setpriority, 1, allow_value, 0},
      // Limits are read, of this process alone.
      {SYS_prlimit64, 0, allow_value, 0},
      {SYS_tgkill, 0, allow_value, (unsigned)getpid()},
      {SYS_prctl, 0, allow_value, PR_SET_NAME},
      {SYS_prctl, 0, allow_value, 0x53564d41},  // PR_SET_VMA: malloc names its memory
      {SYS_ioctl, 1, allow_value, TCGETS},
      {SYS_ioctl, 1, allow_value, TIOCGWINSZ},
      // Locks and leases are not among them: they could stop a trainer.
      {SYS_fcntl, 1, allow_value, F_GETFL},
      {SYS_fcntl, 1, allow_value, F_SETFL},
      {SYS_fcntl, 1, allow_value, F_GETFD},
      {SYS_fcntl, 1, allow_value, F_SETFD},
  };
  // Their arguments lie in memory, where a filter cannot look.
  const int unknown[] = {SYS_clone3, SYS_openat2};
  const unsigned denied = SECCOMP_RET_ERRNO | EPERM, missing = SECCOMP_RET_ERRNO | ENOSYS;

  struct sock_filter program[512];
  unsigned short length = 0;
  program[length++] = load(offsetof(struct seccomp_data, arch));
  program[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MACHINE, 1, 0);
  program[length++] = give(denied);
  program[length++] = load(offsetof(struct seccomp_data, nr));
  for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++) {
    program[length++] = skip_unless(BPF_JEQ, (unsigned)allowed[i], 1);
    program[length++] = give(SECCOMP_RET_ALLOW);
  }
  for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
    program[length++] = skip_unless(BPF_JEQ, (unsigned)unknown[i], 1);
    program[length++] = give(missing);
  }
  for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++) {
    const struct condition *rule = &conditions[i];
    program[length++] = skip_unless(BPF_JEQ, (unsigned)rule->call, 4);
    program[length++] = load(offsetof(struct seccomp_data, args[rule->argument]));
    // Both outcomes leave the rule with the call's number loaded again.
    if (rule->how == allow_if_clear) {
      program[length++] =
          (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, rule->mask, 1, 0);
    } else {
      program[length++] =
          skip_unless(rule->how == allow_value ? BPF_JEQ : BPF_JSET, rule->mask, 1);
    }
    program[length++] = give(SECCOMP_RET_ALLOW);
    program[length++] = load(offsetof(struct seccomp_data, nr));
  }
  program[length++] = give(denied);

  struct sock_fprog filter = {length, program};
  // All threads: those of OpenBLAS may run already. A positive result is one that could not follow.
  long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter);
  return result == 0 ? 0 : result > 0 ? EAGAIN : errno;
}

#endif
