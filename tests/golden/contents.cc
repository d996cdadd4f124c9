#include "golden/contents.h"

#include <cstdio>
#include <string_view>

#include "base/check.h"

namespace firn::testing {
namespace {

void AppendEscaped(std::string_view bytes, std::string& to) {
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7F && byte != '\\') {
      to += c;
      continue;
    }
    char code[5];
    std::snprintf(code, sizeof(code), "\\x%02x", byte);
    to += code;
  }
}

std::string Unescaped(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      bytes += text[i];
      continue;
    }
    FIRN_CHECK(text.size() - i >= 4);
    bytes += static_cast<char>(std::stoi(std::string(text.substr(i + 2, 2)), nullptr, 16));
    i += 3;
  }
  return bytes;
}

template <typename Walk>
StoreContents Read(const Db& db, Walk walk) {
  StoreContents contents;
  for (const std::string& name : db.ListKeyspaces()) {
    auto& table = contents[name];
    Iterator iterator = db.NewIterator({.keyspace = db.OpenKeyspace(name).value()});
    walk(iterator, table);
    FIRN_CHECK(iterator.status().ok());
  }
  return contents;
}

}  // namespace

std::string ToText(const StoreContents& contents) {
  std::string text;
  for (const auto& [name, table] : contents) {
    text += "keyspace\t";
    AppendEscaped(name, text);
    text += '\n';
    for (const auto& [key, value] : table) {
      AppendEscaped(key, text);
      text += '\t';
      AppendEscaped(value, text);
      text += '\n';
    }
  }
  return text;
}

StoreContents FromText(const std::string& text) {
  StoreContents contents;
  std::map<std::string, std::string>* table = nullptr;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    FIRN_CHECK(end != std::string::npos);
    const std::string_view line(text.data() + begin, end - begin);
    const std::size_t tab = line.find('\t');
    FIRN_CHECK(tab != std::string_view::npos);
    const std::string first = Unescaped(line.substr(0, tab));
    const std::string second = Unescaped(line.substr(tab + 1));
    if (first == "keyspace") {
      table = &contents[second];
    } else {
      table->emplace(first, second);
    }
    begin = end + 1;
  }
  return contents;
}

StoreContents ReadForward(const Db& db) {
  return Read(db, [](Iterator& iterator, auto& table) {
    for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next()) {
      table.emplace(iterator.key(), iterator.value());
    }
  });
}

StoreContents ReadBackward(const Db& db) {
  return Read(db, [](Iterator& iterator, auto& table) {
    for (iterator.SeekToLast(); iterator.Valid(); iterator.Prev()) {
      table.emplace(iterator.key(), iterator.value());
    }
  });
}

}  // namespace firn::testing
