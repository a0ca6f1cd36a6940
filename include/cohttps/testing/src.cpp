// The one unit of a program that is built with COHTTPS_SEPARATE_COMPILATION and has all of
// testing/.
#include <cohttps/testing/src.hpp>
