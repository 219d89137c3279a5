#include "core/catalog/connections.h"

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/catalog/migrations.h"

namespace millrace {
namespace {

// The WAL is copied into the database when it has grown to this size; each page changed several times
// meanwhile is copied once. It grows further only while a long read needs what is in it, and is cut back to
// this afterwards.
constexpr int64_t kWalSizeBytes = 64 << 20;

constexpr int64_t kReaderCacheSizeBytes = 4 << 20;

// secure_delete would overwrite what is deleted with zeros (distributions turn it on); nothing here is secret
// enough to pay for that with every sweep.
absl::Status ConfigureWriter(Database& database, int64_t cache_size_bytes) {
  MILLRACE_ASSIGN_OR_RETURN(const int64_t page_size_bytes, database.QueryInt64("PRAGMA page_size"));
  return database.Execute(absl::StrCat(
      "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; "
      "PRAGMA secure_delete=OFF; PRAGMA cache_size=-",
      cache_size_bytes >> 10, "; PRAGMA wal_autocheckpoint=", kWalSizeBytes / page_size_bytes,
      "; PRAGMA journal_size_limit=", kWalSizeBytes));
}

absl::StatusOr<int64_t> DataVersion(Database& database) {
  MILLRACE_ASSIGN_OR_RETURN(Statement version, database.PrepareCached("PRAGMA data_version"));
  MILLRACE_RETURN_IF_ERROR(version.Step().status());
  return version.Int64(0);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Connections>> Connections::Open(const std::string& path, int64_t cache_size_bytes,
                                                               int64_t disk_headroom_bytes) {
  std::unique_ptr<Connections> connections(new Connections(path, disk_headroom_bytes));
  MILLRACE_ASSIGN_OR_RETURN(std::unique_ptr<Database> writer, Database::Open(path, Database::Mode::kReadWrite));
  MILLRACE_RETURN_IF_ERROR(MigrateCatalog(*writer, path));
  MILLRACE_RETURN_IF_ERROR(ConfigureWriter(*writer, cache_size_bytes));
  connections->writer_ = std::move(writer);
  return connections;
}

absl::Status Connections::CheckDiskHeadroom() const {
  if (disk_headroom_bytes_ == 0) return absl::OkStatus();
  MILLRACE_ASSIGN_OR_RETURN(const int64_t free_bytes, FreeDiskBytes(path_));
  if (free_bytes >= disk_headroom_bytes_) return absl::OkStatus();
  return MakeError(Reason::kDiskFull,
                   absl::StrCat("the disk of ", path_, " has ", free_bytes >> 20, " MiB left; an import keeps ",
                                disk_headroom_bytes_ >> 20, " MiB free. Free some space and try again."));
}

absl::Status Connections::Write(const std::function<absl::Status(Database&)>& work) {
  MutexLock lock(writer_mutex_);
  MILLRACE_ASSIGN_OR_RETURN(Transaction transaction, Transaction::BeginWrite(*writer_));
  MILLRACE_ASSIGN_OR_RETURN(const int64_t data_version, DataVersion(*writer_));
  recent_tags_.Note(data_version);
  absl::Status status = work(*writer_);
  if (status.ok()) status = transaction.Commit();
  // It may hold tags as only this transaction had them.
  if (!status.ok()) recent_tags_.Clear();
  return status;
}

absl::Status Connections::Read(const std::function<absl::Status(Database&)>& work) {
  MILLRACE_ASSIGN_OR_RETURN(std::unique_ptr<Database> reader, TakeReader());
  absl::Status status = [&]() -> absl::Status {
    MILLRACE_ASSIGN_OR_RETURN(const Transaction transaction, Transaction::BeginRead(*reader));
    return work(*reader);
  }();
  ReturnReader(std::move(reader));
  return status;
}

absl::StatusOr<std::unique_ptr<Database>> Connections::OpenReader() const {
  MILLRACE_ASSIGN_OR_RETURN(std::unique_ptr<Database> reader, Database::Open(path_, Database::Mode::kReadOnly));
  MILLRACE_RETURN_IF_ERROR(reader->Execute(
      absl::StrCat("PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA temp_store=FILE; PRAGMA cache_size=-",
                   kReaderCacheSizeBytes >> 10)));
  return reader;
}

absl::StatusOr<std::unique_ptr<Database>> Connections::TakeReader() {
  {
    MutexLock lock(readers_mutex_);
    while (idle_readers_.empty() && reader_count_ == kReaderCountMax) reader_returned_.Wait(readers_mutex_);
    if (!idle_readers_.empty()) {
      std::unique_ptr<Database> reader = std::move(idle_readers_.back());
      idle_readers_.pop_back();
      return reader;
    }
    ++reader_count_;
  }
  absl::StatusOr<std::unique_ptr<Database>> reader = OpenReader();
  if (!reader.ok()) {
    MutexLock lock(readers_mutex_);
    --reader_count_;
    reader_returned_.Signal();
  }
  return reader;
}

void Connections::ReturnReader(std::unique_ptr<Database> reader) {
  MutexLock lock(readers_mutex_);
  if (reader->in_transaction()) {
    // Its ROLLBACK failed; a new connection serves better than one with an unknown state.
    --reader_count_;
  } else {
    idle_readers_.push_back(std::move(reader));
  }
  reader_returned_.Signal();
}

}  // namespace millrace
