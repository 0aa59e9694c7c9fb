#include "formats/torch/pickle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/torch/corpus.h"

namespace durward {
namespace {

using pickled::program;
using pickled::text;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

bool only_a_thing(std::string_view module, std::string_view name) {
  return module == "some.module" && name == "Thing";
}

// Keeps the bytes that a pickle refers to.
struct Reading {
  explicit Reading(std::string_view file) : bytes(to_bytes(file)) {
    ByteReader in(bytes);
    pickle = read_pickle(in, only_a_thing);
    left = in.remaining();
  }
  std::string error() const { return std::string(pickle.status().message()); }

  std::vector<std::byte> bytes;
  absl::StatusOr<Pickle> pickle;
  size_t left = 0;
};

template <typename T>
T only_value(const Reading& reading) {
  EXPECT_TRUE(reading.pickle.ok()) << reading.pickle.status();
  const T* value = reading.pickle->get<T>(reading.pickle->root);
  EXPECT_NE(value, nullptr);
  return value == nullptr ? T{} : *value;
}

// As pickle.dumps(value, 2) of Python 3.11 has them.
TEST(Pickle, NumbersAreReadAsPythonWritesThem) {
  EXPECT_EQ(only_value<int64_t>(Reading({"\x80\x02K\xff.", 5})), 255);
  EXPECT_EQ(only_value<int64_t>(Reading({"\x80\x02M\xff\xff.", 6})), 65535);
  EXPECT_EQ(only_value<int64_t>(Reading({"\x80\x02J\xff\xff\xff\xff.", 8})), -1);
  EXPECT_EQ(only_value<int64_t>(Reading({"\x80\x02\x8a\x06\x00\x00\x00\x00\x00\xff.", 11})),
            -(int64_t{1} << 40));
  EXPECT_EQ(only_value<int64_t>(Reading({"\x80\x02\x8a\x05\x00\x00\x00\x80\x00.", 10})),
            int64_t{1} << 31);
  EXPECT_EQ(only_value<int64_t>(Reading({"\x80\x02\x8a\x00.", 5})), 0);
  EXPECT_EQ(only_value<double>(Reading({"\x80\x02G\xbf\xf8\x00\x00\x00\x00\x00\x00.", 12})), -1.5);
  EXPECT_TRUE(only_value<bool>(Reading("\x80\x02\x88.")));
}

TEST(Pickle, AnIntegerBeyond64BitsKeepsItsDigits) {
  EXPECT_EQ(only_value<PickleLong>(Reading(program("\x8a\x0a"
                                                   "0123456789")))
                .digits.size(),
            10u);
}

TEST(Pickle, ContainersKeepTheirOrder) {
  // {"b": [1, 2], "a": (3,)}
  const Reading reading(program(absl::StrCat("}(", text("b"),
                                             "](K\x01K\x02"
                                             "e",
                                             text("a"), "K\x03\x85u")));
  const auto dict = only_value<PickleDict>(reading);
  ASSERT_EQ(dict.entries.size(), 2u);
  const Pickle& pickle = *reading.pickle;
  EXPECT_EQ(*pickle.get<std::string_view>(dict.entries[0].first), "b");
  EXPECT_EQ(pickle.get<PickleList>(dict.entries[0].second)->items.size(), 2u);
  EXPECT_EQ(*pickle.get<std::string_view>(dict.entries[1].first), "a");
  EXPECT_EQ(pickle.get<PickleTuple>(dict.entries[1].second)->items.size(), 1u);
}

TEST(Pickle, AnOrderedDictOfPython2IsADict) {
  const Reading reading(
      program("ccollections\nOrderedDict\n](](U\x01kK\x01"
              "ee\x85R"));
  EXPECT_EQ(only_value<PickleDict>(reading).entries.size(), 1u);
}

TEST(Pickle, TheMemoGivesTheSameValue) {
  const Reading reading(program(std::string_view("](]q\0h\0e", 8)));
  const auto list = only_value<PickleList>(reading);
  ASSERT_EQ(list.items.size(), 2u);
  EXPECT_EQ(list.items[0], list.items[1]);
}

TEST(Pickle, ReadingStopsBehindThePickle) {
  const Reading reading(program("N") + "more");
  EXPECT_TRUE(reading.pickle.ok());
  EXPECT_EQ(reading.left, 4u);
}

TEST(Pickle, AnAllowedCallIsRecordedAndNotMade) {
  const Reading reading(program("csome.module\nThing\nK\x05\x85R"));
  const auto call = only_value<PickleCall>(reading);
  EXPECT_EQ(reading.pickle->get<PickleGlobal>(call.callable)->name, "Thing");
}

TEST(Pickle, AGlobalThatIsNotAllowedIsRefusedByName) {
  EXPECT_THAT(Reading(program(absl::StrCat("cos\nsystem\n", text("true"), "\x85R"))).error(),
              HasSubstr("os.system"));
  const std::string by_stack = "\x8c\x02os\x8c\x06system\x93";
  EXPECT_THAT(Reading(absl::StrCat("\x80\x04", by_stack, ".")).error(), HasSubstr("os.system"));
  EXPECT_THAT(Reading(program("c__builtin__\neval\n")).error(), HasSubstr("__builtin__.eval"));
  EXPECT_THAT(Reading(program("ctorch.storage\n_load_from_bytes\n")).error(),
              HasSubstr("torch.storage._load_from_bytes"));
}

TEST(Pickle, AGlobalsNameCannotUpsetATerminal) {
  EXPECT_THAT(Reading(program("cos\n\x1b[2J\n")).error(), HasSubstr("os.\\x1b[2J"));
}

TEST(Pickle, OpcodesThatMakeOrFindObjectsAreRefused) {
  // INST, OBJ, NEWOBJ, NEWOBJ_EX, EXT1, PERSID, NEXT_BUFFER, BYTEARRAY8, DUP, POP
  for (const char opcode : {'i', 'o', '\x81', '\x92', '\x82', 'P', '\x97', '\x96', '2', '0'}) {
    const Reading reading(program(absl::StrCat("N", std::string(1, opcode))));
    EXPECT_TRUE(absl::IsInvalidArgument(reading.pickle.status())) << opcode;
    EXPECT_THAT(reading.error(), HasSubstr("opcode 0x")) << opcode;
  }
}

TEST(Pickle, ACallOfAnythingButAGlobalIsRefused) {
  EXPECT_FALSE(Reading(program("K\x01)R")).pickle.ok());
  EXPECT_FALSE(Reading(program("csome.module\nThing\nK\x01R")).pickle.ok());
}

TEST(Pickle, AttributesOfAnythingButADictAreRefused) {
  EXPECT_TRUE(Reading(program("}}b")).pickle.ok());
  EXPECT_FALSE(Reading(program("csome.module\nThing\n}b")).pickle.ok());
}

struct Damage {
  const char* name;
  std::string body;
};

class DamagedPickle : public ::testing::TestWithParam<Damage> {};

TEST_P(DamagedPickle, IsAnError) {
  EXPECT_TRUE(absl::IsInvalidArgument(Reading(program(GetParam().body)).pickle.status()));
}

INSTANTIATE_TEST_SUITE_P(
    All, DamagedPickle,
    ::testing::Values(
        Damage{"empty", ""}, Damage{"two_values", "NN"}, Damage{"open_mark", "N("},
        Damage{"no_mark", "]e"}, Damage{"no_tuple_mark", "t"}, Damage{"short_tuple", "N\x87"},
        Damage{"append_to_nothing", "Na"}, Damage{"append_to_dict", "}Na"},
        Damage{"set_item_of_list", "]NNs"}, Damage{"odd_items", "}(Nu"},
        Damage{"pops_below_its_mark", "N(\x85t"}, Damage{"memo_of_nothing", "q"},
        Damage{"memo_gap", "Nr\xff\xff\xff\x7f"}, Damage{"memo_never_set", "h\x05"},
        Damage{"text_of_4_GiB", "X\xff\xff\xff\xff"}, Damage{"long_too_long", "\x8a\xff"},
        Damage{"endless_name", absl::StrCat("c", std::string(1000, 'a'))},
        Damage{"frame_cut", "\x95\x01"}, Damage{"global_of_numbers", "NN\x93"},
        Damage{"persistent_nothing", "Q"},
        Damage{"ordered_dict_of_number", "ccollections\nOrderedDict\nN\x85R"},
        Damage{"ordered_dict_of_triples", "ccollections\nOrderedDict\n](](NNNee\x85R"}),
    [](const auto& test) { return test.param.name; });

TEST(Pickle, ProtocolsBeforeTwoAreRefused) {
  EXPECT_THAT(Reading("\x80\x01N.").error(), HasSubstr("protocol 1"));
}

TEST(Pickle, AMillionOpenMarksAreNoRecursion) {
  EXPECT_FALSE(Reading(program(std::string(1'000'000, '('))).pickle.ok());
}

TEST(Pickle, MoreValuesThanTheLimitAreRefused) {
  const Reading reading(program(absl::StrCat("(", std::string((size_t{1} << 22) + 1, 'N'), "t")));
  EXPECT_TRUE(absl::IsResourceExhausted(reading.pickle.status())) << reading.pickle.status();
}

}  // namespace
}  // namespace durward
