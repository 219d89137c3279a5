// Text that a source escaped for HTML.
#pragma once

#include <string>
#include <string_view>

namespace millrace {

// `text` with the references &amp; &lt; &gt; &quot; &apos; and those by number (&#39; &#x27;) replaced by what they
// stand for. Others, and those of white space, control characters and what is no character, stay as they are.
std::string UnescapeHtml(std::string_view text);

}  // namespace millrace
