#include "bundle/zip_layout.h"

#include <absl/strings/ascii.h>
#include <absl/strings/escaping.h>

#include <algorithm>

namespace durward {
namespace {

// Fields that are the same in every member.
constexpr uint16_t kVersion = 10;   // 1.0: stored members need no more
constexpr uint16_t kMadeBy = 10;    // and carry no attributes of a system
constexpr uint16_t kFlags = 0;      // not encrypted, sizes in the local header, names in ASCII
constexpr uint16_t kTime = 0;       // midnight
constexpr uint16_t kDate = 0x0021;  // of 1 January 1980, the first that ZIP knows
constexpr uint16_t kAlignmentId = 0xd935;  // extra field: the alignment, then zeros to reach it
constexpr size_t kAlignmentFieldBytes = 6;

// Little-endian fields, one after another.
class Fields {
 public:
  Fields& u16(uint64_t value) { return put(value, 2); }
  Fields& u32(uint64_t value) { return put(value, 4); }
  Fields& text(std::string_view text) {
    bytes_.append(text);
    return *this;
  }
  Fields& zeros(size_t count) {
    bytes_.append(count, '\0');
    return *this;
  }
  size_t size() const { return bytes_.size(); }
  std::string take() { return std::move(bytes_); }

 private:
  Fields& put(uint64_t value, int count) {
    for (int i = 0; i < count; ++i) bytes_.push_back(static_cast<char>(value >> (8 * i)));
    return *this;
  }
  std::string bytes_;
};

// What the local header and the directory say alike, up to the length of the name.
void put_common(Fields& fields, const ZipEntry& entry) {
  fields.u16(kVersion).u16(kFlags).u16(kStored).u16(kTime).u16(kDate);
  fields.u32(entry.crc32).u32(entry.bytes).u32(entry.bytes).u16(entry.name.size());
}

bool is_name_character(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         std::string_view("._+-").find(c) != std::string_view::npos;
}

}  // namespace

std::string local_header(const ZipEntry& entry) {
  constexpr size_t kFixedBytes = 30;
  const size_t unpadded =
      entry.header_offset + kFixedBytes + entry.name.size() + kAlignmentFieldBytes;
  const size_t padding = (0 - unpadded) % kMemberAlignment;
  Fields fields;
  fields.u32(0x04034b50);
  put_common(fields, entry);
  fields.u16(kAlignmentFieldBytes + padding).text(entry.name);
  fields.u16(kAlignmentId).u16(2 + padding).u16(kMemberAlignment).zeros(padding);
  return fields.take();
}

std::string directory_entry(const ZipEntry& entry) {
  Fields fields;
  fields.u32(0x02014b50).u16(kMadeBy);
  put_common(fields, entry);
  fields.u16(0).u16(0);         // no extra field, no comment
  fields.u16(0).u16(0).u32(0);  // disk, attributes
  fields.u32(entry.header_offset).text(entry.name);
  return fields.take();
}

std::string end_record(size_t members, uint32_t directory_bytes, uint32_t directory_offset) {
  Fields fields;
  fields.u32(0x06054b50).u16(0).u16(0).u16(members).u16(members);
  fields.u32(directory_bytes).u32(directory_offset).u16(0);
  return fields.take();
}

absl::Status check_member_name(std::string_view name) {
  bool safe = !name.empty() && name.size() <= kMaxMemberNameBytes;
  bool begins = true;  // a folder's or the file's name begins here
  for (const char c : name) {
    safe &= begins ? is_name_character(c) && c != '.' : is_name_character(c) || c == '/';
    begins = c == '/';
  }
  if (safe && !begins) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the member name \"", absl::CHexEscape(std::string(name.substr(0, 300))),
                   "\" is not safe: expected a relative path of letters, digits and \"._+-\", no "
                   "part beginning with a dot, at most ",
                   kMaxMemberNameBytes, " bytes"));
}

std::string folded_name(std::string_view name) { return absl::AsciiStrToLower(std::string(name)); }

}  // namespace durward
