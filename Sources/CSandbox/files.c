// Landlock (landlock(7), Linux 5.13): everything is handled that the kernel's version knows, and
// reading below some paths is allowed again. The constants are those of linux/landlock.h, stated here
// because older headers lack the newer ones.
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { create_ruleset = 444, add_rule = 445, restrict_self = 446 };
enum { rule_path_beneath = 1, create_version = 1, restrict_all_threads = 1 << 3 };
enum { read_file = 1 << 2, read_folder = 1 << 3 };

// struct landlock_ruleset_attr; the kernel takes the first fields alone too.
struct ruleset {
  uint64_t files, network, scope;
};

// struct landlock_path_beneath_attr.
struct __attribute__((packed)) path_beneath {
  uint64_t allowed;
  int32_t parent;
};

int sb_landlock_version(void) {
  long version = syscall(create_ruleset, NULL, 0, create_version);
  return version > 0 ? (int)version : 0;
}

// Rights by version: 13 at first, then REFER, TRUNCATE (3), IOCTL_DEV (5).
static uint64_t file_rights(int version) {
  int count = version >= 5 ? 16 : version >= 3 ? 15 : version >= 2 ? 14 : 13;
  return ((uint64_t)1 << count) - 1;
}

static int allow(int ruleset, const char *path) {
  int file = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (file < 0) return 0;
  struct stat status;
  struct path_beneath rule = {read_file, file};
  int failure = 0;
  if (fstat(file, &status) != 0) {
    failure = errno;
  } else if (!S_ISLNK(status.st_mode)) {
    if (S_ISDIR(status.st_mode)) rule.allowed |= read_folder;
    if (syscall(add_rule, ruleset, rule_path_beneath, &rule, 0) != 0) failure = errno;
  }
  close(file);
  return failure;
}

int sb_restrict_files(const char *const *paths, size_t count) {
  int version = sb_landlock_version();
  if (version == 0) return ENOSYS;
  struct ruleset rules = {file_rights(version), version >= 4 ? 3 : 0, version >= 6 ? 3 : 0};
  size_t size = version >= 6 ? 24 : version >= 4 ? 16 : 8;
  int ruleset = (int)syscall(create_ruleset, &rules, size, 0);
  if (ruleset < 0) return errno;
  int failure = 0;
  for (size_t i = 0; i < count && failure == 0; i++) failure = allow(ruleset, paths[i]);
  // Version 8 can take in threads that run already, as the filter of calls does.
  if (failure == 0 && syscall(restrict_self, ruleset, version >= 8 ? restrict_all_threads : 0) != 0)
    failure = errno;
  close(ruleset);
  return failure;
}
