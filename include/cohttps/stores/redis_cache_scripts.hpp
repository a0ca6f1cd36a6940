// The scripts in Lua that Redis runs for a `redis_cache`, each as one step.
//
//   <prefix>response:<URL>   a hash: the varying fields -> a record, one for each variant
//   <prefix>content:<id>     a string: the content of a record that does not hold it
//
//   record:  <bytes of head, 8 hex digits> <head> i<length>:<content>
//                                                 c<length>:<id>
//   head:    <status> <requested> <received>\n<fields, one a line>
//
// A content that is written lives for two minutes after each piece. One that was replaced lives for
// as long again, so that those who read it come to the end.
#pragma once

#include <string_view>

namespace cohttps::detail {

/// KEYS: responses; ARGV: prefix of contents, varying fields, record, lifetime in ms, id or "".
/// Gives 0 when the content is gone. Too many variants make room for the new one.
inline constexpr std::string_view redis_put_script = R"(
local function retire(record)
  local n = record and tonumber(string.sub(record, 1, 8), 16)
  local id = n and string.match(string.sub(record, 9 + n, 90 + n), '^c%d+:(%x+)$')
  if id then redis.call('PEXPIRE', ARGV[1] .. id, 120000) end
end
if ARGV[5] ~= '' and redis.call('EXISTS', ARGV[1] .. ARGV[5]) == 0 then return 0 end
retire(redis.call('HGET', KEYS[1], ARGV[2]))
if redis.call('HLEN', KEYS[1]) >= 64 and redis.call('HEXISTS', KEYS[1], ARGV[2]) == 0 then
  for _, r in ipairs(redis.call('HVALS', KEYS[1])) do retire(r) end
  redis.call('DEL', KEYS[1])
end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[4]) then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
if ARGV[5] ~= '' then redis.call('PEXPIRE', ARGV[1] .. ARGV[5], ARGV[4]) end
return 1)";

/// KEYS: responses; ARGV: prefix of contents, varying fields, head, lifetime in ms.
inline constexpr std::string_view redis_refresh_script = R"(
local old = redis.call('HGET', KEYS[1], ARGV[2])
local n = old and tonumber(string.sub(old, 1, 8), 16)
if not n then return 0 end
local rest = string.sub(old, 9 + n)
redis.call('HSET', KEYS[1], ARGV[2], ARGV[3] .. rest)
local id = string.match(rest, '^c%d+:(%x+)$')
for _, key in ipairs({KEYS[1], id and ARGV[1] .. id}) do
  if redis.call('PTTL', key) < tonumber(ARGV[4]) then redis.call('PEXPIRE', key, ARGV[4]) end
end
return 1)";

/// KEYS: responses; ARGV: prefix of contents.
inline constexpr std::string_view redis_erase_script = R"(
for _, record in ipairs(redis.call('HVALS', KEYS[1])) do
  local n = tonumber(string.sub(record, 1, 8), 16)
  local id = n and string.match(string.sub(record, 9 + n, 90 + n), '^c%d+:(%x+)$')
  if id then redis.call('PEXPIRE', ARGV[1] .. id, 120000) end
end
return redis.call('DEL', KEYS[1]))";

/// KEYS: content; ARGV: offset, bytes. Twice the same is once. Gives 0 when what was before is
/// gone.
inline constexpr std::string_view redis_piece_script = R"(
if redis.call('STRLEN', KEYS[1]) < tonumber(ARGV[1]) then return 0 end
redis.call('SETRANGE', KEYS[1], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], 120000)
return 1)";

}  // namespace cohttps::detail
