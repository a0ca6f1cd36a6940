// Says where functions that are not templates are compiled: in every translation unit that uses
// them, or, if the whole program defines COHTTPS_SEPARATE_COMPILATION, only in the unit that
// includes <cohttps/src.hpp>.
#pragma once

#if defined(COHTTPS_SEPARATE_COMPILATION)
#define COHTTPS_DECL
#define COHTTPS_DEF
#define COHTTPS_INLINE
#else
// Makes the function a template, so that a unit that does not call it does not compile it.
#define COHTTPS_DECL template <class = void>
#define COHTTPS_DEF \
  template <class>  \
  inline
#define COHTTPS_INLINE inline
#endif
