// What a device reads and writes of JSON.
#include <gtest/gtest.h>

#include <vector>

#include "device/json_scanner.h"
#include "device/json_writer.h"

namespace durward::device {
namespace {

TEST(JsonWriter, WritesValuesInOrderWithCommasBetween) {
  JsonWriter json;
  json.begin_object();
  json.field("a", 1);
  json.field("b", 2.5);
  json.key("c").begin_list();
  json.value("x");
  json.value(true);
  json.begin_object();
  json.end_object();
  json.end_list();
  json.end_object();
  EXPECT_EQ(json.text(), "{\n \"a\": 1,\n \"b\": 2.500,\n \"c\": [\n  \"x\",\n  true,\n  {}]}\n");
}

std::string written(double number) {
  JsonWriter json;
  json.value(number);
  return json.text();
}

TEST(JsonWriter, RoundsToThousandths) {
  EXPECT_EQ(written(0), "0.000");
  EXPECT_EQ(written(-0.0004), "0.000");
  EXPECT_EQ(written(-1.0006), "-1.001");
  EXPECT_EQ(written(12345.6785), "12345.679");
  EXPECT_EQ(written(3592437918.182), "3592437918.182");
  EXPECT_EQ(written(1e300), "null");
  EXPECT_EQ(written(0.0 / 1e-300 - __builtin_nan("")), "null");
}

TEST(JsonWriter, EscapesWhateverANameHolds) {
  JsonWriter json;
  json.value(std::string("a\"b\\c\n\x7f\xe9\0", 9));
  EXPECT_EQ(json.text(), R"("a\"b\\c\u000a\u007f\u00e9\u0000")");
}

TEST(JsonScanner, WalksAnObject) {
  JsonScanner json(R"( {"a": [1, {"b": "]"}], "n" : 17 , "t":"x\"y" } )");
  std::vector<std::string> keys;
  std::string key, text;
  uint64_t number = 0;
  for (bool more = json.begin('{'); more; more = json.next('}')) {
    ASSERT_TRUE(json.key(key));
    keys.push_back(key);
    if (key == "n") {
      EXPECT_TRUE(json.whole(number));
    } else if (key == "t") {
      EXPECT_TRUE(json.text(text));
    } else {
      EXPECT_TRUE(json.skip());
    }
  }
  EXPECT_TRUE(json.ok() && json.at_end());
  EXPECT_EQ(keys, (std::vector<std::string>{"a", "n", "t"}));
  EXPECT_EQ(number, 17u);
  EXPECT_EQ(text, "x\"y");
}

TEST(JsonScanner, StopsAtAMistake) {
  for (const char* text : {"", "{", "[", "[1", "[1,", "[1 2]", "{\"a\"}", "{\"a\":}", "{a:1}",
                           "\"x", "\"x\\", "[,]"}) {
    JsonScanner json(text);
    EXPECT_FALSE(json.skip() && json.at_end()) << text;
  }
  const std::string nested(100, '[');
  JsonScanner deep(nested);
  EXPECT_FALSE(deep.skip());
}

}  // namespace
}  // namespace durward::device
