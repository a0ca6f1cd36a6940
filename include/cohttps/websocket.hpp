// WebSocket (RFC 6455) over HTTP/1.1, HTTP/2 (RFC 8441) and HTTP/3 (RFC 9220):
// `client::websocket`.
#pragma once

#include <cohttps/client.hpp>
#include <cohttps/client/websocket.hpp>
#include <cohttps/core/separate.hpp>

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/websocket.ipp>
#endif
