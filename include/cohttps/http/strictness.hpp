// How a message that breaks the grammar is treated.
#pragma once

namespace cohttps {

/// `lenient`: what browsers and curl take is taken where the end of the message is certain, and the
/// connection is not used again. `strict`: it is an error.
enum class strictness : bool { lenient, strict };

}  // namespace cohttps
