// What somebody meant by a word that no tag has: a metatag in another spelling, a word of the language.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace millrace {

// Sentences, each behind a space; empty when nothing is known of the word. `near`: the names of tags that are suggested
// for it.
std::string WordHint(std::string_view word, const std::vector<std::string>& near);

}  // namespace millrace
