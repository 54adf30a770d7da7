// The system's zlib; no logic.
#include <zlib.h>
