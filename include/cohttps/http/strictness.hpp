// How the library treats a message that violates the grammar.
#pragma once

namespace cohttps {

/// `lenient` accepts what browsers and curl accept, if the end of the message is certain. The
/// connection is then not used again. `strict` makes every violation an error.
enum class strictness : bool {
  lenient,  ///< repairs what is certain, as browsers do
  strict,   ///< refuses every violation of the grammar
};

}  // namespace cohttps
