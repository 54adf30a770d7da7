// SPDX-License-Identifier: GPL-2.0-only
// plasticity-watch [--depth N] DIRECTORY… : says on standard output in which folder something
// changed, one line an event. A hint, never the truth: whoever reads it looks for itself.
//
// This program alone uses libinotifytools (GPL-2), and is therefore under the GNU General Public
// License, version 2 only; it comes without any warranty. The rest of the project does not link it.
//
//   watching 12              it has begun, and watches twelve folders
//   touched /runs/a%20b      something was made, finished, moved or removed in this folder
//   lost overflow            events were dropped: look everywhere (it ends after this line)
//   lost room                most of its memory is of folders that are gone (it ends after this line)
//   lost root /runs          a folder of the command line is gone (it ends after this line)
//   lost watch-limit ENOSPC  some folders are not watched (it goes on with the others)
//   lost instance-limit EMFILE   nothing can be watched (it ends after this line)
//
// Bytes up to and including the space, DEL and the percent sign are written %XX. It ends when its
// standard input does, so it cannot outlive the one who started it.

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inotifytools/inotify.h>
#include <inotifytools/inotifytools.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EXIT_USAGE = 64, EXIT_UNAVAILABLE = 69, EXIT_AGAIN = 75 };

static const int watch_mask = IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE |
                              IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_DONT_FOLLOW |
                              IN_EXCL_UNLINK;

static int depth_limit = 8;
// Kernel numbers are given in ascending order, so no number is above the count of watches added.
static int added = 0;
// dead[wd]: the kernel has dropped this watch; the library keeps its entry for ever.
static bool *dead = NULL;
static int dead_size = 0;
static int dead_count = 0;
static bool limit_told = false;

static void put(const char *bytes, size_t count) {
  while (count > 0) {
    ssize_t written = write(STDOUT_FILENO, bytes, count);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) _exit(0);  // nobody reads: nothing is left to do
    bytes += written;
    count -= (size_t)written;
  }
}

static void say(const char *event, const char *argument, bool is_path) {
  static const char digits[] = "0123456789ABCDEF";
  size_t capacity = strlen(event) + 3 * strlen(argument) + 3, used = strlen(event);
  char *line = malloc(capacity);
  if (line == NULL) _exit(EXIT_AGAIN);
  memcpy(line, event, used);
  line[used++] = ' ';
  for (const unsigned char *byte = (const unsigned char *)argument; *byte != 0; byte++) {
    if (is_path && (*byte <= 0x20 || *byte == 0x7F || *byte == '%')) {
      line[used++] = '%';
      line[used++] = digits[*byte >> 4];
      line[used++] = digits[*byte & 15];
    } else {
      line[used++] = (char)*byte;
    }
  }
  line[used++] = '\n';
  put(line, used);
  free(line);
}

static char *joined(const char *directory, const char *name) {
  size_t length = strlen(directory);
  while (length > 1 && directory[length - 1] == '/') length--;
  char *path = malloc(length + strlen(name) + 2);
  if (path == NULL) _exit(EXIT_AGAIN);
  memcpy(path, directory, length);
  size_t used = length;
  if (name[0] != 0 && path[used - 1] != '/') path[used++] = '/';
  strcpy(path + used, name);
  return path;
}

static const char *limit_name(int error) {
  switch (error) {
    case ENOSPC: return "ENOSPC";
    case ENOMEM: return "ENOMEM";
    case EMFILE: return "EMFILE";
    case ENFILE: return "ENFILE";
    default: return NULL;
  }
}

// Adds one watch. False when the folder is gone or closed to us: the scan tells about that.
static bool watch(const char *path) {
  if (inotifytools_watch_file(path, watch_mask)) {
    added++;
    return true;
  }
  const char *name = limit_name(inotifytools_error());
  if (name != NULL && !limit_told) {
    limit_told = true;
    say("lost watch-limit", name, false);
  }
  return false;
}

// Watch first, then list: what is made in between is seen twice, never not at all.
// The library's own recursion follows symbolic links, so it is not used.
static void watch_tree(const char *path, int depth, bool tell) {
  if (!watch(path)) return;
  if (tell) say("touched", path, true);
  if (depth >= depth_limit) return;
  int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return;
  DIR *listing = fdopendir(descriptor);
  if (listing == NULL) {
    close(descriptor);
    return;
  }
  struct dirent *entry;
  while ((entry = readdir(listing)) != NULL) {
    if (entry->d_name[0] == '.') continue;
    bool is_directory = entry->d_type == DT_DIR;
    if (entry->d_type == DT_UNKNOWN) {
      struct stat status;
      is_directory = fstatat(descriptor, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
                     S_ISDIR(status.st_mode);
    }
    if (!is_directory) continue;
    char *child = joined(path, entry->d_name);
    watch_tree(child, depth + 1, tell);
    free(child);
  }
  closedir(listing);
}

static void mark_dead(int number) {
  if (number < 0) return;
  if (number >= dead_size) {
    int size = number + 1024;
    bool *larger = realloc(dead, (size_t)size);
    if (larger == NULL) _exit(EXIT_AGAIN);
    memset(larger + dead_size, 0, (size_t)(size - dead_size));
    dead = larger;
    dead_size = size;
  }
  dead_count += !dead[number];
  dead[number] = true;
  // Runs that rotate their folders would fill the memory for ever: begun again, it has none of them.
  if (dead_count >= 20000 && dead_count > added / 2) {
    say("lost", "room", false);
    exit(EXIT_AGAIN);
  }
}

// Whether `path` is `directory` or stands below it, compared by whole names (run1 is not run10).
static bool is_within(const char *path, const char *directory) {
  size_t length = strlen(directory);
  return strncmp(path, directory, length) == 0 && (path[length] == '/' || path[length] == 0);
}

// A folder was moved away: its watches would go on under the old name.
static void forget_tree(const char *path) {
  for (int number = 1; number <= added; number++) {
    if (number < dead_size && dead[number]) continue;
    const char *name = inotifytools_filename_from_wd(number);
    if (name == NULL || name[0] == 0 || !is_within(name, path)) continue;
    mark_dead(number);
    inotifytools_remove_watch_by_wd(number);
  }
}

// How many names below a root of the command line the path is; the nearest root counts.
static int depth_of(const char *path, char **roots) {
  int least = depth_limit;
  for (; *roots != NULL; roots++) {
    if (!is_within(path, *roots)) continue;
    int depth = 0;
    for (const char *rest = path + strlen(*roots); *rest != 0; rest++) depth += *rest == '/';
    if (depth < least) least = depth;
  }
  return least;
}

static bool is_root(const char *path, char **roots) {
  for (; *roots != NULL; roots++) {
    if (strcmp(path, *roots) == 0) return true;
  }
  return false;
}

static void handle(const struct inotify_event *event, char **roots) {
  if (event->mask & IN_Q_OVERFLOW) {
    say("lost", "overflow", false);
    exit(EXIT_AGAIN);
  }
  const char *known = inotifytools_filename_from_wd(event->wd);
  bool is_dead = event->wd >= 0 && event->wd < dead_size && dead[event->wd];
  if (known == NULL || known[0] == 0 || is_dead) return;
  char *directory = joined(known, "");
  if (event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED)) {
    if (is_root(directory, roots)) {
      say("lost root", directory, true);
      exit(EXIT_AGAIN);
    }
    if (event->mask & IN_IGNORED) mark_dead(event->wd);
    say("touched", directory, true);
    free(directory);
    return;
  }
  if ((event->mask & IN_ISDIR) && event->len > 0 && event->name[0] != '.') {
    char *child = joined(directory, event->name);
    if (event->mask & IN_MOVED_FROM) forget_tree(child);
    if (event->mask & (IN_CREATE | IN_MOVED_TO)) {
      int depth = depth_of(child, roots);
      if (depth <= depth_limit) watch_tree(child, depth, true);
    }
    free(child);
  }
  say("touched", directory, true);
  free(directory);
}

static void *end_with_input(void *unused) {
  (void)unused;
  char buffer[64];
  ssize_t count;
  do {
    count = read(STDIN_FILENO, buffer, sizeof buffer);
  } while (count > 0 || (count < 0 && errno == EINTR));
  _exit(0);
}

static void end_quietly(int number) {
  (void)number;
  _exit(0);
}

int main(int count, char **arguments) {
  int first = 1;
  if (count > 2 && strcmp(arguments[1], "--depth") == 0) {
    char *end = NULL;
    long depth = strtol(arguments[2], &end, 10);
    if (*end != 0 || depth < 0 || depth > 64) first = count;
    depth_limit = (int)depth;
    first += 2;
  }
  if (first >= count) {
    fputs("usage: plasticity-watch [--depth 0..64] DIRECTORY...\n", stderr);
    return EXIT_USAGE;
  }
  char **roots = arguments + first;
  for (char **root = roots; *root != NULL; root++) {
    for (size_t length = strlen(*root); length > 1 && (*root)[length - 1] == '/'; length--) {
      (*root)[length - 1] = 0;
    }
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGTERM, end_quietly);
  signal(SIGINT, end_quietly);
  pthread_t reader;
  if (pthread_create(&reader, NULL, end_with_input, NULL) != 0) return EXIT_UNAVAILABLE;
  if (!inotifytools_initialize()) {
    const char *name = limit_name(inotifytools_error());
    say("lost instance-limit", name == NULL ? strerror(inotifytools_error()) : name, false);
    return EXIT_UNAVAILABLE;
  }
  for (char **root = roots; *root != NULL; root++) {
    int before = added;
    watch_tree(*root, 0, false);
    if (added == before && !limit_told) {
      say("lost root", *root, true);
      return EXIT_AGAIN;
    }
  }
  char number[32];
  snprintf(number, sizeof number, "%d", added);
  say("watching", number, false);
  while (true) {
    struct inotify_event *event = inotifytools_next_event(-1);
    if (event != NULL) {
      handle(event, roots);
    } else if (inotifytools_error() != EINTR && inotifytools_error() != 0) {
      say("lost", "overflow", false);
      return EXIT_AGAIN;
    }
  }
}
