// Markup in which text from outside cannot become markup: the two have different ways in.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace durward {

class Html {
 public:
  Html() = default;

  // Our own markup, literal.
  static Html markup(std::string_view literal);
  // Any text: <, >, &, quotes are escaped; control characters and bytes that are no UTF-8 become
  // U+FFFD.
  static Html text(std::string_view text);

  Html& operator+=(const Html& other) {
    html_ += other.html_;
    return *this;
  }
  friend Html operator+(Html a, const Html& b) { return std::move(a += b); }

  [[nodiscard]] bool empty() const { return html_.empty(); }
  [[nodiscard]] const std::string& string() const { return html_; }

 private:
  std::string html_;
};

// <tag attributes>content</tag>; attributes are our own markup, e.g. class="note".
[[nodiscard]] Html element(std::string_view tag, const Html& content,
                           std::string_view attributes = {});
[[nodiscard]] Html element(std::string_view tag, std::string_view text,
                           std::string_view attributes = {});

// <p>text</p>.
[[nodiscard]] Html paragraph(std::string_view text);

struct Column {
  std::string head;
  bool numeric = true;
};

// The first cell of each row heads the row.
struct Table {
  std::string caption;
  std::vector<Column> columns;
  std::vector<std::vector<Html>> rows;
};

[[nodiscard]] Html render(const Table& table);

// A part of the report: <section id> with a heading. `id` is our own.
[[nodiscard]] Html section(std::string_view id, std::string_view heading, const Html& content);

}  // namespace durward
