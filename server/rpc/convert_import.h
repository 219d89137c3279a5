// Imports as messages of millrace.v1.
#pragma once

#include "core/catalog/import_session.h"
#include "core/ingest/pipeline.h"
#include "millrace/v1/import_service.pb.h"

namespace millrace {

// Everything but `already_imported` and `snapshot_error`.
void SetImportResult(const ImportOutcome& outcome, v1::ImportResult* message);
void SetImportRecord(const ImportRecord& record, v1::ImportRecord* message);
// `message` is checked (import_protocol.h).
PictureFacts PictureFactsOf(const v1::Picture& message);
void SetRejectedRecord(const RejectedRecord& rejected, v1::RejectedRecord* message);

}  // namespace millrace
