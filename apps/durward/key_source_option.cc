#include "key_source_option.h"

#include "vault/key_source_text.h"

namespace durward {

void StoreOptions::add_to(CLI::App& command) {
  command.add_option("--store", store, "the template store")->type_name("FILE");
  command.add_option("--key", key, absl::StrCat("where its key comes from: ", kKeySourceForms))
      ->type_name("SOURCE");
}

absl::StatusOr<TemplateStore> StoreOptions::open() const {
  absl::StatusOr<std::unique_ptr<KeySource>> source = key_source_from(key);
  if (!source.ok()) return with_context(source.status(), "--key");
  return TemplateStore::open(store, **source);
}

}  // namespace durward
