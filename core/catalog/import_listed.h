// What lists brought, and in how many posts aliases were applied, as the record of an import keeps it.
#pragma once

#include "core/base/error.h"
#include "core/catalog/import_session.h"

namespace millrace {

// Only what is not zero: most imports bring no lists. The names are stored in files: they never change.
ErrorMetadata ListedMetadata(const ImportOutcome& outcome);
// Sets the counts. What is not there, or of a later version, is passed over.
void SetListed(const ErrorMetadata& metadata, ImportOutcome* outcome);

}  // namespace millrace
