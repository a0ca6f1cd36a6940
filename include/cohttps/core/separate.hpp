// How functions are compiled that are no templates: in every unit that uses them, or, with
// COHTTPS_SEPARATE_COMPILATION defined for the whole program, in the one that includes
// <cohttps/src.hpp>.
#pragma once

#if defined(COHTTPS_SEPARATE_COMPILATION)
#define COHTTPS_DECL
#define COHTTPS_DEF
#define COHTTPS_INLINE
#else
// A template, so that a unit which does not call it does not compile it.
#define COHTTPS_DECL template <class = void>
#define COHTTPS_DEF \
  template <class>  \
  inline
#define COHTTPS_INLINE inline
#endif
