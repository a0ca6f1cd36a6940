// Includes the whole library: the client, tasks, and the loop that runs them.
#pragma once

#include <cohttps/client.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/run.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/task/when_all.hpp>
#include <cohttps/task/when_any.hpp>

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/cohttps.ipp>
#include <cohttps/transport/asio/transport.hpp>
#endif
