// --store and --key: a template store and where its key comes from; several commands share them.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "vault/template_store.h"

namespace durward {

struct StoreOptions {
  std::string store, key;

  void add_to(CLI::App& command);
  // The store, opened. InvalidArgument where --key names no kind of source; those of the source and
  // of TemplateStore::open().
  [[nodiscard]] absl::StatusOr<TemplateStore> open() const;
};

}  // namespace durward
