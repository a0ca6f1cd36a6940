// The client over the memory transport, for all tests that use it.
#include <cohttps/client/definitions.hpp>
#include <cohttps/testing/memory_network.hpp>

template class cohttps::basic_client<cohttps::testing::memory_transport>;
