// Where the definitions of ..._definitions.hpp go, which are no templates: into every unit, or,
// with COHTTPS_SEPARATE_COMPILATION, into the one that includes <cohttps/implementation.hpp>.
#pragma once

#if defined(COHTTPS_SEPARATE_COMPILATION)
#define COHTTPS_DEFINITION
#else
#define COHTTPS_DEFINITION inline
#endif
