#include "core/snapshot/store.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/digest.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/snapshot/format.h"
#include "core/snapshot/postings.h"

namespace millrace {
namespace {

absl::Status RemoveLeftovers(const std::string& folder) {
  std::error_code error;
  std::vector<std::filesystem::path> leftovers;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::filesystem::path& path = entry->path();
    const bool is_work = path.filename().string().starts_with(snapshot_file::kWorkFolderPrefix);
    // A query may have made them anew while their snapshot was being deleted.
    const bool is_orphan =
        path.extension() == snapshot_file::kPostingsSuffix &&
        !std::filesystem::exists(std::filesystem::path(path).replace_extension(snapshot_file::kFileSuffix));
    if (is_work || is_orphan) leftovers.push_back(path);
  }
  if (error) return ErrnoError(error.value(), absl::StrCat("list folder ", folder));
  for (const std::filesystem::path& leftover : leftovers) {
    std::filesystem::remove_all(leftover, error);
    if (error) return ErrnoError(error.value(), absl::StrCat("remove ", leftover.string()));
  }
  return absl::OkStatus();
}

absl::Status MissingError(std::string_view digest) {
  return MakeError(Reason::kSnapshotMissing,
                   absl::StrCat("there is no snapshot file named ", QuoteForMessage(digest),
                                ". Restore it from a backup, or compile the dataset anew."),
                   {{"snapshot", std::string(digest.substr(0, 64))}});
}

}  // namespace

absl::StatusOr<std::unique_ptr<SnapshotStore>> SnapshotStore::Open(const std::string& folder,
                                                                   int64_t resident_size_bytes_max) {
  MILLRACE_RETURN_IF_ERROR(CreateFolders(folder));
  MILLRACE_RETURN_IF_ERROR(RemoveLeftovers(folder));
  return std::unique_ptr<SnapshotStore>(new SnapshotStore(folder, resident_size_bytes_max));
}

std::string SnapshotStore::PathOf(std::string_view digest) const {
  return absl::StrCat(folder_, "/", std::string(digest), snapshot_file::kFileSuffix);
}

bool SnapshotStore::Contains(std::string_view digest) const {
  struct stat info;
  return IsHexDigest(digest) && stat(PathOf(digest).c_str(), &info) == 0;
}

absl::StatusOr<std::shared_ptr<const Snapshot>> SnapshotStore::Get(std::string_view digest) {
  // Also keeps paths out of the name.
  if (!IsHexDigest(digest)) return MissingError(digest);
  std::shared_ptr<const Snapshot> dropped;  // unmapped only after the lock is released: that takes its time
  {
    MutexLock lock(mutex_);
    if (std::shared_ptr<const Snapshot> snapshot = FindOpen(digest)) {
      dropped = Keep(snapshot);
      return snapshot;
    }
  }
  // Without the lock: others are served meanwhile. Two callers may both open the file; the first one's stays.
  MILLRACE_ASSIGN_OR_RETURN(std::shared_ptr<const Snapshot> opened, Snapshot::Open(PathOf(digest), digest, budget_));
  MutexLock lock(mutex_);
  if (std::shared_ptr<const Snapshot> snapshot = FindOpen(digest)) return snapshot;
  // Deleted since it was opened: Delete has looked for it here already, so it must not be put here now.
  if (!Contains(digest)) return MissingError(digest);
  std::erase_if(open_, [](const auto& entry) { return entry.second.expired(); });
  open_[std::string(digest)] = opened;
  dropped = Keep(opened);
  return opened;
}

std::shared_ptr<const Snapshot> SnapshotStore::FindOpen(std::string_view digest) const {
  const auto found = open_.find(digest);
  if (found == open_.end()) return nullptr;
  std::shared_ptr<const Snapshot> snapshot = found->second.lock();
  // The file may have been mended since.
  if (snapshot != nullptr && snapshot->damage_found()) return nullptr;
  return snapshot;
}

std::shared_ptr<const Snapshot> SnapshotStore::Keep(const std::shared_ptr<const Snapshot>& snapshot) {
  const auto same_digest = [&](const auto& kept) { return kept->digest() == snapshot->digest(); };
  const auto found = std::find_if(kept_.begin(), kept_.end(), same_digest);
  std::shared_ptr<const Snapshot> dropped;
  if (found != kept_.end()) {
    dropped = std::move(*found);
    kept_.erase(found);
  } else if (kept_.size() == kKeptOpenMax) {
    dropped = std::move(kept_.front());
    kept_.erase(kept_.begin());
  }
  kept_.push_back(snapshot);
  return dropped;
}

absl::Status SnapshotStore::Delete(std::string_view digest) {
  if (!IsHexDigest(digest)) return absl::OkStatus();
  MILLRACE_RETURN_IF_ERROR(RemoveFile(snapshot_file::PostingsPath(PathOf(digest))));
  MILLRACE_RETURN_IF_ERROR(RemoveFile(PathOf(digest)));
  MILLRACE_RETURN_IF_ERROR(SyncFolder(folder_));
  std::shared_ptr<const Snapshot> dropped;
  MutexLock lock(mutex_);
  if (const auto found = open_.find(digest); found != open_.end()) open_.erase(found);
  const auto kept = std::find_if(kept_.begin(), kept_.end(), [&](const auto& s) { return s->digest() == digest; });
  if (kept != kept_.end()) {
    dropped = std::move(*kept);
    kept_.erase(kept);
  }
  return absl::OkStatus();
}

}  // namespace millrace
