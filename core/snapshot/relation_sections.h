// The sections of a snapshot that hold aliases, implications and which tags are deprecated.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/model/tag_relation.h"
#include "core/snapshot/column.h"
#include "core/snapshot/section_file.h"

namespace millrace::snapshot_file {

// Writes the active relations of `facts`, in order of their names; no section for what there is none of.
absl::Status WriteRelationSections(const DatasetFacts& facts, const std::string& folder, SectionFile* file);

// Two texts a relation. Borrows the file; thread-safe as the file is.
class RelationColumns {
 public:
  // kSnapshotDamaged when the sections do not fit together.
  static absl::StatusOr<RelationColumns> Open(CheckedFile& file);

  uint64_t size(TagRelationKind kind) const { return Of(kind).size; }
  // Requires number < size(kind).
  absl::Status Read(TagRelationKind kind, uint64_t number, std::string_view* antecedent,
                    std::string_view* consequent) const;

 private:
  struct Pairs {
    uint64_t size = 0;
    TextColumn antecedents;
    TextColumn consequents;
  };
  const Pairs& Of(TagRelationKind kind) const { return kind == TagRelationKind::kAlias ? aliases_ : implications_; }
  static absl::Status Bind(CheckedFile& file, std::string_view name, Pairs* pairs);

  Pairs aliases_;
  Pairs implications_;
};

}  // namespace millrace::snapshot_file
