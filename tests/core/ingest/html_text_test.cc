// Goal: names that were escaped for HTML are what they were, and what is no reference stays. Method: a table.
#include "core/ingest/html_text.h"

#include "tests/support/catch.h"

namespace millrace {
namespace {

TEST_CASE("references to characters are replaced, and nothing else") {
  CHECK(UnescapeHtml("") == "");
  CHECK(UnescapeHtml("plain") == "plain");
  CHECK(UnescapeHtml("&lt;&gt;&amp;&quot;&apos;") == "<>&\"'");
  CHECK(UnescapeHtml("a&#039;b&#39;c&#x27;d&#X27;") == "a'b'c'd'");
  CHECK(UnescapeHtml("&#228;&#x753b;&#128512;") == "\xC3\xA4\xE7\x94\xBB\xF0\x9F\x98\x80");
  // Once, not again.
  CHECK(UnescapeHtml("&amp;lt;") == "&lt;");
  for (const char* stays : {"&", "&&", "&;", "&#;", "&#x;", "&nothing;", "&amp", "& amp;", "&#0;", "&#10;", "&#32;",
                            "&#160;", "&#xd800;", "&#x110000;", "&#99999999999;", "&#-5;", "&AMP;"}) {
    CHECK(UnescapeHtml(stays) == stays);
  }
}

}  // namespace
}  // namespace millrace
