// The one unit of a program that is built with COHTTPS_SEPARATE_COMPILATION and has it all.
#include <cohttps/src.hpp>
