// Writes the tags' part of a snapshot: the counterpart of TagTable.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/model/post.h"
#include "core/snapshot/section_file.h"

namespace millrace::snapshot_file {

// Requires tags in ascending order of id, with their counts. Spools to `folder`.
absl::Status WriteTagSections(const std::vector<Tag>& tags, const std::string& folder, SectionFile* file);

}  // namespace millrace::snapshot_file
