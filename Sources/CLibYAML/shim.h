// The system's libyaml; no logic.
#include <yaml.h>
