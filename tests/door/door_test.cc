#include "door/door.h"

#include <gmock/gmock.h>
#include <sys/wait.h>

#include <nlohmann/json.hpp>

#include "auth/log_verification.h"
#include "door/explain.h"
#include "door/fake_door.h"

namespace durward {
namespace {

using nlohmann::json;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<json> records_of(const std::filesystem::path& log) {
  std::vector<json> records;
  EXPECT_EQ(verify_log(log, std::nullopt,
                       [&](const LogLine& line) { records.push_back(json::parse(line.record)); })
                ->state,
            LogState::kIntact);
  return records;
}

TEST_F(DoorTest, EnrolsAcceptsRefusesAStrangerAndForgets) {
  enrolled("ann", person(0));
  OpenDoor open = this->open();
  const DecisionRecord accepted = open.door->verify("ann").value();
  EXPECT_EQ(name_of(accepted.decision.verdict), "accept");
  EXPECT_EQ(accepted.decision.fused_llr, 40);  // 20 of each factor

  open.face->in_front = open.voice->in_front = [](int) { return person(1); };
  const DecisionRecord refused = open.door->verify("ann").value();
  EXPECT_EQ(name_of(refused.decision.reason), "evidence-too-weak");
  EXPECT_EQ(refused.failures, 1);

  ASSERT_TRUE(open.door->forget("ann").ok());
  EXPECT_TRUE(open.door->users()->empty());
  const DecisionRecord unknown = open.door->verify("ann").value();
  EXPECT_EQ(name_of(unknown.decision.verdict), "retry");
  EXPECT_THAT(explain(unknown), HasSubstr("nobody of this name has enrolled a face"));
  EXPECT_TRUE(absl::IsNotFound(open.door->forget("ann")));

  std::vector<std::string> events;
  for (const json& record : records_of(folder_ / "decisions.jsonl")) {
    events.push_back(record.value("event", record.value("verdict", "")));
  }
  EXPECT_THAT(events, ElementsAre("enrolled", "accept", "reject", "forgotten", "retry"));
}

TEST_F(DoorTest, ATemplateIsTheMeanOfTheRounds) {
  OpenDoor open = this->open(false);
  // At unit length the sum of (1, 0), (1, 0) and (0.8, 0.6).
  open.face->in_front = [](int round) {
    Person one(8, 0.0F);
    one[0] = round == 2 ? 0.8F : 3.0F;
    one[1] = round == 2 ? 0.6F : 0.0F;
    return one;
  };
  const Enrolment enrolment = open.door->enroll("ann").value();
  ASSERT_TRUE(enrolment.enrolled());
  EXPECT_EQ(enrolment.factors[0].rounds, 3);
  EXPECT_EQ(enrolment.factors[0].samples, 6);
  EXPECT_NEAR(*enrolment.factors[0].lowest_llr, 40 * 0.8 - 20, 1e-4);
  const std::vector<Template> templates = store().templates_of("ann").value();
  ASSERT_EQ(templates.size(), 1u);
  const double length = std::hypot(2.8, 0.6);
  EXPECT_NEAR(static_cast<double>(templates[0].embedding[0]), 2.8 / length, 1e-6);
  EXPECT_NEAR(static_cast<double>(templates[0].embedding[1]), 0.6 / length, 1e-6);
  EXPECT_THAT(observer_.said, Contains("face 2 of 3"));
}

TEST_F(DoorTest, ASecondPersonInBetweenIsRefusedAndNothingIsKept) {
  for (const int second : {1, 2}) {
    OpenDoor open = this->open();
    open.face->in_front = [&](int round) { return person(round == second ? 1 : 0); };
    const Enrolment enrolment = open.door->enroll("ann").value();
    EXPECT_FALSE(enrolment.enrolled());
    EXPECT_EQ(enrolment.factors.back().refusal, EnrolRefusal::kOtherPerson);
    EXPECT_THAT(explain(enrolment.factors.back()), HasSubstr("not surely of one person"));
    expect_nobody_enrolled();
  }
}

TEST_F(DoorTest, ACameraThatIsUnpluggedMidwayLeavesNothing) {
  for (const int round : {0, 1, 2}) {
    OpenDoor open = this->open();
    open.face->source = [&](int now) {
      return now == round ? absl::UnavailableError("unplugged") : absl::OkStatus();
    };
    const auto enrolment = open.door->enroll("ann");
    EXPECT_TRUE(absl::IsUnavailable(enrolment.status()));
    expect_nobody_enrolled();
    // The face that was whole is not kept either where the microphone goes.
    open.face->source = [](int) { return absl::OkStatus(); };
    open.voice->source = [&](int now) {
      return now == round ? absl::UnavailableError("unplugged") : absl::OkStatus();
    };
    EXPECT_TRUE(absl::IsUnavailable(open.door->enroll("ann").status()));
    expect_nobody_enrolled();
  }
}

TEST_F(DoorTest, AKillAtAnyRoundLeavesNothing) {
  for (const int round : {0, 1, 2, 3, 4, 5}) {
    const pid_t child = ::fork();
    if (child == 0) {
      OpenDoor open = this->open();
      const auto dies = [&](int base) {
        return [round, base](int now) {
          if (now + base == round) ::_exit(7);
          return absl::OkStatus();
        };
      };
      open.face->source = dies(0);
      open.voice->source = dies(3);
      (void)open.door->enroll("ann");
      ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_EQ(WEXITSTATUS(status), 7);
    expect_nobody_enrolled();
  }
}

TEST_F(DoorTest, SomebodyWhoIsEnrolledIsReplacedOnlyOnWish) {
  enrolled("ann", person(0));
  OpenDoor open = this->open(false);
  open.face->in_front = [](int) { return person(1); };
  EXPECT_TRUE(absl::IsAlreadyExists(open.door->enroll("ann").status()));
  EXPECT_EQ(open.face->rounds, 0);  // nobody had to look into a camera for that
  EXPECT_TRUE(absl::IsNotFound(open.door->enroll("bo", {.replace = true}).status()));
  ASSERT_TRUE(open.door->enroll("ann", {.replace = true})->enrolled());
  const std::vector<Template> templates = store().templates_of("ann").value();
  ASSERT_EQ(templates.size(), 2u);  // the voice stays
  for (const Template& one : templates) {
    EXPECT_EQ(one.embedding[one.model.modality == "face" ? 1 : 0], 1.0F);
  }
}

TEST_F(DoorTest, APresentationAttackIsNotEnrolled) {
  OpenDoor open = this->open();
  open.face->pad_llr = -3;
  EXPECT_EQ(open.door->enroll("ann")->factors.back().refusal, EnrolRefusal::kPresentationAttack);
  open.face->pad_llr = std::nullopt;
  EXPECT_EQ(open.door->enroll("ann")->factors.back().refusal, EnrolRefusal::kPadMissing);
  expect_nobody_enrolled();
}

TEST_F(DoorTest, SamplesThatAreNotEnoughOrNotLiveAreNotEnrolled) {
  OpenDoor open = this->open();
  open.face->usable = false;
  EXPECT_EQ(open.door->enroll("ann")->factors.back().refusal, EnrolRefusal::kLowQuality);
  EXPECT_THAT(observer_.said, Contains("face: come closer"));
  open.face->usable = true;
  open.face->gives_samples = false;
  EXPECT_EQ(open.door->enroll("ann")->factors.back().refusal, EnrolRefusal::kNoSample);
  open.face->gives_samples = true;
  open.face->repeats = true;  // the second round shows the first one again
  EXPECT_EQ(open.door->enroll("ann")->factors.back().refusal, EnrolRefusal::kSampleFault);
  expect_nobody_enrolled();
}

TEST_F(DoorTest, AModelThatGivesNoNumbersEnrolsNobody) {
  OpenDoor open = this->open();
  open.face->in_front = [](int) { return Person(8, std::nanf("")); };
  EXPECT_TRUE(absl::IsFailedPrecondition(open.door->enroll("ann").status()));
  open.face->in_front = [](int) { return Person(8, 0.0F); };
  EXPECT_TRUE(absl::IsFailedPrecondition(open.door->enroll("ann").status()));
  expect_nobody_enrolled();
}

TEST_F(DoorTest, WarnsOfWhoResemblesSomebody) {
  enrolled("ann", person(0));
  OpenDoor open = this->open();
  open.face->in_front = [](int) { return double_of(person(0), 3); };
  open.voice->in_front = [](int) { return person(3); };
  const Enrolment enrolment = open.door->enroll("ann's twin").value();
  ASSERT_TRUE(enrolment.enrolled());
  EXPECT_EQ(enrolment.factors[0].resembles, "ann");
  EXPECT_EQ(enrolment.factors[1].resembles, std::nullopt);
}

TEST_F(DoorTest, WhatThePolicyRequiresMustBeThere) {
  policy_.factors[1].required = true;
  OpenDoor open = this->open(false);
  const absl::Status status = open.door->enroll("ann").status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("requires a voice"));
}

TEST_F(DoorTest, NamesThatSteerATerminalOrAreNoTextAreRefused) {
  OpenDoor open = this->open();
  for (const std::string& name :
       {std::string(), std::string("a\nb"),
        std::string("\x01"
                    "candidate"),
        std::string("a\xff"), std::string(257, 'x'), std::string("\x7f")}) {
    EXPECT_TRUE(absl::IsInvalidArgument(open.door->enroll(name).status()));
    EXPECT_TRUE(absl::IsInvalidArgument(open.door->verify(name).status()));
  }
  EXPECT_TRUE(check_user_name("Ännchen O'Neil 小").ok());
}

TEST_F(DoorTest, IdentifiesWhoIsEnrolledAndNobodyElse) {
  for (const size_t who : {0, 1, 2}) enrolled(absl::StrCat("user ", who), person(who));
  OpenDoor open = this->open();
  open.face->in_front = open.voice->in_front = [](int) { return person(1); };
  const Identification found = open.door->identify().value();
  EXPECT_TRUE(found.accepted());
  EXPECT_EQ(found.people, 3);
  EXPECT_EQ(found.decision->user, "user 1");
  // The cost of a false accept counts three times.
  EXPECT_NEAR(found.decision->decision.threshold, policy_.llr_threshold() + std::log(3), 1e-9);

  open.face->in_front = open.voice->in_front = [](int) { return person(5); };
  const Identification stranger = open.door->identify().value();
  EXPECT_FALSE(stranger.accepted());
  EXPECT_EQ(stranger.decision, std::nullopt);
  for (const size_t who : {0, 1, 2}) {
    // Nobody was charged for him.
    open.face->in_front = open.voice->in_front = [&](int) { return person(who); };
    EXPECT_EQ(open.door->verify(absl::StrCat("user ", who))->failures, 0);
  }
}

TEST_F(DoorTest, NobodyIsIdentifiedWhereNobodyIsEnrolled) {
  EXPECT_TRUE(absl::IsFailedPrecondition(open().door->identify().status()));
}

TEST_F(DoorTest, ALockOutHoldsForTheNextProgramUntilItIsTakenAway) {
  enrolled("ann", person(0));
  for (int attempt = 0; attempt < 3; ++attempt) {
    OpenDoor open = this->open();  // each time another program
    open.face->in_front = open.voice->in_front = [](int) { return person(1); };
    EXPECT_EQ(name_of(open.door->verify("ann")->decision.verdict), "reject");
  }
  OpenDoor open = this->open();
  const DecisionRecord locked = open.door->verify("ann").value();
  EXPECT_EQ(name_of(locked.decision.verdict), "locked");
  EXPECT_THAT(explain(locked), HasSubstr("try again in 30 seconds"));
  EXPECT_EQ(open.face->rounds, 0);
  ASSERT_TRUE(open.door->unlock("ann").ok());
  EXPECT_EQ(name_of(open.door->verify("ann")->decision.verdict), "accept");
}

// What an earlier model made of somebody.
NewTemplate old_template(const std::string& modality, const std::string& version,
                         const Person& who) {
  return {{modality, "model", version}, who};
}

TEST_F(DoorTest, ATemplateOfACompatibleModelMigratesAtTheNextGoodVerification) {
  ASSERT_TRUE(store().enroll("ann", {old_template("face", "version-1", person(0))}, false).ok());
  OpenDoor open = this->open(false);
  // Another person migrates nothing.
  open.face->in_front = [](int) { return person(1); };
  EXPECT_EQ(name_of(open.door->verify("ann")->decision.verdict), "reject");
  EXPECT_EQ(store().templates_of("ann")->size(), 1u);

  open.face->in_front = [](int) { return double_of(person(0), 1); };
  const DecisionRecord first = open.door->verify("ann").value();
  EXPECT_EQ(name_of(first.decision.verdict), "accept");
  EXPECT_EQ(first.factors[0].template_match, TemplateMatch::kCompatibleModel);
  const std::vector<Template> both = store().templates_of("ann").value();
  ASSERT_EQ(both.size(), 2u);
  for (const Template& one : both) {
    EXPECT_EQ(one.embedding,
              one.model.version == "version-1" ? person(0) : double_of(person(0), 1));
  }
  // From now on it is compared with its own.
  const DecisionRecord second = open.door->verify("ann").value();
  EXPECT_EQ(second.factors[0].template_match, TemplateMatch::kSameModel);
  EXPECT_EQ(store().templates_of("ann")->size(), 2u);
}

TEST_F(DoorTest, TemplatesOfOtherModelsAreKeptAndNotCompared) {
  ASSERT_TRUE(store().enroll("ann", {old_template("face", "version-0", person(0))}, false).ok());
  OpenDoor open = this->open(false);
  EXPECT_EQ(name_of(open.door->verify("ann")->decision.verdict), "retry");
  // Where the policy takes no templates of other models, a compatible one neither.
  policy_.templates.accept_compatible = false;
  ASSERT_TRUE(store().enroll("bo", {old_template("face", "version-1", person(0))}, false).ok());
  OpenDoor strict = this->open(false);
  EXPECT_EQ(name_of(strict.door->verify("bo")->decision.reason), "template-of-other-model");
  EXPECT_EQ(store().templates_of("bo")->size(), 1u);
}

TEST_F(DoorTest, OfTwoProgramsThatEnrolOneNameAtOnceOneIsFirst) {
  for (int repetition = 0; repetition < 5; ++repetition) {
    pid_t children[2];
    for (int who = 0; who < 2; ++who) {
      children[who] = ::fork();
      if (children[who] != 0) continue;
      OpenDoor open = this->open();
      open.face->in_front =
          open.voice->in_front = [&](int) { return person(static_cast<size_t>(who)); };
      const auto enrolment = open.door->enroll("ann");
      if (absl::IsAlreadyExists(enrolment.status())) ::_exit(1);
      ::_exit(enrolment.ok() && enrolment->enrolled() ? 0 : 2);
    }
    int outcomes[2];
    for (int who = 0; who < 2; ++who) {
      ASSERT_EQ(::waitpid(children[who], &outcomes[who], 0), children[who]);
      outcomes[who] = WEXITSTATUS(outcomes[who]);
    }
    EXPECT_EQ(outcomes[0] + outcomes[1], 1);
    const std::vector<Template> templates = store().templates_of("ann").value();
    ASSERT_EQ(templates.size(), 2u);
    const size_t first = outcomes[0] == 0 ? 0 : 1;
    for (const Template& one : templates) EXPECT_EQ(one.embedding[first], 1.0F);
    ASSERT_TRUE(store().forget("ann").ok());
  }
}

TEST_F(DoorTest, ACancelEndsEachKindOfRequest) {
  enrolled("ann", person(0));
  OpenDoor open = this->open(false);
  open.face->hangs = true;
  const auto cancel_soon = [&] {
    return std::jthread([&, rounds = open.face->rounds.load()] {
      while (open.face->rounds == rounds) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      open.door->cancel();
    });
  };
  {
    const std::jthread cancels = cancel_soon();
    EXPECT_TRUE(absl::IsCancelled(open.door->enroll("bo").status()));
  }
  {
    const std::jthread cancels = cancel_soon();
    EXPECT_TRUE(absl::IsCancelled(open.door->identify().status()));
  }
  {
    const std::jthread cancels = cancel_soon();
    EXPECT_EQ(name_of(open.door->verify("ann")->decision.reason), "cancelled");
  }
  open.face->hangs = false;
  EXPECT_EQ(name_of(open.door->verify("ann")->decision.verdict), "accept");
}

TEST_F(DoorTest, OneRequestRunsAtATimeAndOtherCallsMeanwhile) {
  enrolled("ann", person(0));
  OpenDoor open = this->open(false);
  open.face->hangs = true;
  std::jthread first([&] { (void)open.door->verify("ann"); });
  while (open.face->rounds == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_TRUE(absl::IsAborted(open.door->verify("ann").status()));
  EXPECT_TRUE(absl::IsAborted(open.door->enroll("bo").status()));
  EXPECT_TRUE(absl::IsAborted(open.door->identify().status()));
  EXPECT_EQ(open.door->users()->size(), 1u);
  open.door->cancel();
}

TEST_F(DoorTest, ADoorThatIsClosedEndsItsRequest) {
  OpenDoor open = this->open(false);
  open.face->hangs = true;
  absl::Status status;
  std::jthread request([&, door = open.door.get()] { status = door->enroll("ann").status(); });
  while (open.face->rounds == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  open.door = nullptr;
  request.join();
  EXPECT_TRUE(absl::IsCancelled(status));
}

TEST_F(DoorTest, AStolenStoreWithoutItsKeyOpensNoDoor) {
  enrolled("ann", person(0));
  std::filesystem::remove(folder_ / "key");
  ASSERT_TRUE(write_new_key_file(folder_ / "key").ok());
  EXPECT_TRUE(
      absl::IsUnauthenticated(TemplateStore::open(folder_ / "templates.db", *source()).status()));
}

TEST_F(DoorTest, ASwappedTemplateAcceptsNobody) {
  enrolled("ann", person(0));
  enrolled("bo", person(1));
  {
    Database database = Database::open(folder_ / "templates.db", Database::Mode::kExisting).value();
    ASSERT_TRUE(database.execute("UPDATE templates SET tag = (SELECT max(tag) FROM users)").ok());
  }
  OpenDoor open = this->open(false);
  for (const char* user : {"ann", "bo"}) {
    open.face->in_front = [](int) { return person(0); };
    EXPECT_NE(name_of(open.door->verify(user)->decision.verdict), "accept");
  }
}

TEST_F(DoorTest, ABackupOpensWithTheSameKey) {
  enrolled("ann", person(0));
  ASSERT_TRUE(open().door->back_up(folder_ / "copy.db").ok());
  ASSERT_TRUE(open().door->forget("ann").ok());
  ASSERT_TRUE(restore_store(folder_ / "copy.db", folder_ / "templates.db", *source()).ok());
  EXPECT_EQ(name_of(open().door->verify("ann")->decision.verdict), "accept");
}

TEST_F(DoorTest, WhatCannotBeRecordedIsNotAccepted) {
  enrolled("ann", person(0));
  std::filesystem::remove(folder_ / "decisions.jsonl");
  std::filesystem::create_directory(folder_ / "decisions.jsonl");
  EXPECT_FALSE(open().door->verify("ann").ok());
}

}  // namespace
}  // namespace durward
