// What lists brought, and in how many posts aliases were applied, as the record of an import keeps it.
#pragma once

#include <map>
#include <string>

#include "core/catalog/import_session.h"

namespace millrace {

// Each count that is not zero, by its name: most imports bring no lists. The names are stored in files: they never
// change.
std::map<std::string, std::string> NamedCounts(const ImportOutcome& outcome);
// Sets the counts. What is not there, or of a later version, is passed over.
void SetListed(const std::map<std::string, std::string>& counts, ImportOutcome* outcome);

}  // namespace millrace
