// The system's SQLite; no logic.
#include <sqlite3.h>
