#include "report/html.h"

#include <absl/strings/str_cat.h>

#include <cstdint>

namespace durward {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// How many bytes the well-formed UTF-8 character at the start of `text` has (Unicode 15, table
// 3-7); 0 where there is none.
size_t utf8_length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const auto continues = [&](size_t i, uint8_t least = 0x80, uint8_t most = 0xBF) {
    return i < text.size() && byte(i) >= least && byte(i) <= most;
  };
  const uint8_t first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const uint8_t least = first == 0xE0 ? 0xA0 : 0x80;
    const uint8_t most = first == 0xED ? 0x9F : 0xBF;
    return continues(1, least, most) && continues(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const uint8_t least = first == 0xF0 ? 0x90 : 0x80;
    const uint8_t most = first == 0xF4 ? 0x8F : 0xBF;
    return continues(1, least, most) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

bool is_control(std::string_view character) {
  const uint8_t first = static_cast<uint8_t>(character[0]);
  if (character.size() == 1) {
    return (first < 0x20 && first != '\n' && first != '\t') || first == 0x7F;
  }
  return character.size() == 2 && first == 0xC2 && static_cast<uint8_t>(character[1]) < 0xA0;
}

void append_escaped(std::string_view character, std::string& out) {
  if (is_control(character)) {
    out += kReplacement;
  } else if (character == "<") {
    out += "&lt;";
  } else if (character == ">") {
    out += "&gt;";
  } else if (character == "&") {
    out += "&amp;";
  } else if (character == "\"") {
    out += "&quot;";
  } else if (character == "'") {
    out += "&#39;";
  } else {
    out += character;
  }
}

std::string_view cell_class(const std::vector<Column>& columns, size_t index) {
  return index < columns.size() && columns[index].numeric ? "class=\"number\"" : "";
}

}  // namespace

Html Html::markup(std::string_view literal) {
  Html html;
  html.html_ = literal;
  return html;
}

Html Html::text(std::string_view text) {
  Html html;
  while (!text.empty()) {
    const size_t length = utf8_length(text);
    if (length == 0) {
      html.html_ += kReplacement;
      text.remove_prefix(1);
      continue;
    }
    append_escaped(text.substr(0, length), html.html_);
    text.remove_prefix(length);
  }
  return html;
}

Html element(std::string_view tag, const Html& content, std::string_view attributes) {
  std::string open = "<" + std::string(tag);
  if (!attributes.empty()) open += " " + std::string(attributes);
  const bool inline_tag = tag == "code" || tag == "strong" || tag == "small" || tag == "span";
  return Html::markup(open + ">") + content +
         Html::markup("</" + std::string(tag) + (inline_tag ? ">" : ">\n"));
}

Html element(std::string_view tag, std::string_view text, std::string_view attributes) {
  return element(tag, Html::text(text), attributes);
}

Html paragraph(std::string_view text) { return element("p", text); }

Html render(const Table& table) {
  Html head;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    head += element("th", table.columns[i].head,
                    "scope=\"col\" " + std::string(i == 0 ? "" : cell_class(table.columns, i)));
  }
  Html body;
  for (const std::vector<Html>& row : table.rows) {
    Html cells;
    for (size_t i = 0; i < row.size(); ++i) {
      cells += i == 0 ? element("th", row[i], "scope=\"row\"")
                      : element("td", row[i], cell_class(table.columns, i));
    }
    body += element("tr", cells);
  }
  const Html content = element("caption", table.caption) + element("thead", element("tr", head)) +
                       element("tbody", body);
  // On a narrow screen the table scrolls inside its frame, which the keyboard must reach.
  return element("div", element("table", content), "class=\"scroll\" tabindex=\"0\"");
}

Html section(std::string_view id, std::string_view heading, const Html& content) {
  const std::string name(id);
  return element("section", element("h2", heading, "id=\"" + name + "\"") + content,
                 "aria-labelledby=\"" + name + "\"");
}

}  // namespace durward
