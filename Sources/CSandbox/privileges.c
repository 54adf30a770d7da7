#include "sandbox.h"

#include <errno.h>
#include <sys/prctl.h>

int sb_refuse_new_privileges(void) {
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? 0 : errno;
}
