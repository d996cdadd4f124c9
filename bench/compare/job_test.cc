// The comparison believes no engine: each way of answering wrongly is noticed and named.
#include "job.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <sstream>

#include "map_engine.h"
#include "phases.h"

namespace firn::compare {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class JobTest : public ::testing::Test {
 protected:
  JobTest() {
    arguments_.setup.directory = ::testing::TempDir() + "firn_compare_nothing_in_it";
    arguments_.entries = 1000;
    arguments_.threads = 1;
  }

  // Runs on what an earlier call left behind.
  Status Run(std::vector<std::string> phases, Lie lie) {
    store_.lie = lie;
    arguments_.phases = std::move(phases);
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::tmpfile(), std::fclose);
    Output output(file.get());
    const EngineKind kind = MapKind(store_);
    Status done = RunJob(kind, arguments_, output);
    ReadEvents(file.get());
    return done;
  }

  // The line of a phase.
  Json EventOf(const std::string& phase) {
    for (const Json& event : events_) {
      if (event["event"] == "phase" && event["phase"] == phase) return event;
    }
    ADD_FAILURE() << "no line of " << phase;
    return {};
  }

  std::string Error(std::vector<std::string> phases, Lie lie) {
    return std::string(Run(std::move(phases), lie).message());
  }

  Arguments arguments_;
  MapStore store_;
  std::vector<Json> events_;

 private:
  void ReadEvents(std::FILE* file) {
    std::string text;
    std::rewind(file);
    for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) text += static_cast<char>(c);
    events_.clear();
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) events_.push_back(Json::parse(line));
  }
};

TEST_F(JobTest, AnHonestEnginePassesEveryPhaseWithAnyNumberOfThreads) {
  std::vector<std::string> phases = {"bulkload"};
  for (const Phase& phase : AllPhases()) {
    const bool can_run = phase.name != "bulkload" && phase.name != "fill_and_die";
    if (phase.writer_beside) phases.emplace_back("fillseq");
    if (can_run && !phase.durable) phases.emplace_back(phase.name);
  }
  arguments_.entries = 100;
  for (const KeyShape shape :
       {KeyShape::kRandom, KeyShape::kDense, KeyShape::kUser, KeyShape::kPrefix}) {
    for (const std::uint32_t threads : {1u, 3u}) {
      arguments_.keys = shape;
      arguments_.threads = threads;
      store_.entries.clear();
      EXPECT_EQ(Run(phases, Lie::kNone).ToString(), "ok") << threads << " threads";
    }
  }
}

TEST_F(JobTest, EveryPhaseThatReadsFindsWhatIsThereAndNothingElse) {
  ASSERT_TRUE(Run({"fillrandom", "readrandom", "readmissing", "readnearmissing", "readseq",
                   "deleterandom", "readrandom"},
                  Lie::kNone)
                  .ok());
  EXPECT_EQ(EventOf("readrandom")["found"], 1000);
  EXPECT_EQ(EventOf("readmissing")["found"], 0);
  EXPECT_EQ(EventOf("readnearmissing")["found"], 0);
  EXPECT_EQ(EventOf("readseq")["found"], 1000);
  EXPECT_EQ(events_.back()["found"], 0);
  EXPECT_EQ(events_.back()["expected"], 0);
}

TEST_F(JobTest, ALostPutIsNamedWithEnginePhaseAndKey) {
  EXPECT_THAT(Error({"fillrandom", "readrandom"}, Lie::kLosesPuts),
              AllOf(HasSubstr("map: readrandom: an entry is missing, key 0x")));
}

TEST_F(JobTest, AnOverwriteThatDidNotHappenIsAWrongValue) {
  EXPECT_THAT(Error({"fillrandom", "overwrite", "readrandom"}, Lie::kOldValues),
              HasSubstr("map: readrandom: an entry has a wrong value, key 0x"));
}

TEST_F(JobTest, ADeletedEntryThatIsStillThereIsNoticed) {
  EXPECT_THAT(Error({"fillrandom", "deleterandom", "readrandom"}, Lie::kForgetsDeletes),
              HasSubstr("an entry is there that should not be, key 0x"));
}

TEST_F(JobTest, AValueOfAnotherKeyIsNoticedByGetsAndByGetsBesideAWriter) {
  ASSERT_TRUE(Run({"fillrandom"}, Lie::kNone).ok());
  for (const char* phase : {"readrandom", "readhot", "multiget32", "ycsb_c"}) {
    store_.entries.clear();
    EXPECT_THAT(Error({"fillrandom", phase}, Lie::kForeignValues),
                HasSubstr(std::string("map: ") + phase));
  }
  store_.entries.clear();
  EXPECT_THAT(Error({"fillrandom", "readwhilewriting"}, Lie::kForeignValues),
              HasSubstr("the value is none of its key, key 0x"));
}

TEST_F(JobTest, WalksThatSkipRepeatOrEndEarlyAreNoticed) {
  for (const Lie lie : {Lie::kSkipsInWalks, Lie::kDisordersWalks, Lie::kEndsWalksEarly}) {
    for (const char* phase : {"readseq", "scanwhilewriting", "verify"}) {
      store_.entries.clear();
      store_.calls = 0;
      EXPECT_THAT(Error({"fillrandom", phase}, lie), HasSubstr("key 0x"))
          << phase << ", lie " << static_cast<int>(lie);
    }
  }
}

TEST_F(JobTest, ScansThatSkipAreNoticed) {
  EXPECT_THAT(Error({"fillrandom", "seekrandom10"}, Lie::kSkipsInWalks),
              HasSubstr("map: seekrandom10"));
}

TEST_F(JobTest, AnErrorOfTheEngineEndsTheJobAndIsPassedOn) {
  EXPECT_EQ(Error({"fillrandom", "readrandom"}, Lie::kRefusesPuts),
            "map: fillrandom: the map is full");
}

TEST_F(JobTest, AStoreOfAnotherProcessMustHoldEveryEntryAndNoOther) {
  ASSERT_TRUE(Run({"fillrandom"}, Lie::kNone).ok());
  EXPECT_TRUE(Run({"reopen", "readrandom"}, Lie::kNone).ok());
  store_.entries.erase(store_.entries.begin());
  EXPECT_THAT(Error({"reopen"}, Lie::kNone), HasSubstr("an acknowledged entry is gone, key 0x"));
  store_.entries["somebody else's"] = "value";
  EXPECT_THAT(Error({"reopen"}, Lie::kNone),
              HasSubstr("an entry nobody wrote, key 0x736f6d65626f647920656c73652773"));
}

TEST_F(JobTest, SumsAreEqualForEqualJobsAndLeftOutOnceTimeDecided) {
  const std::vector<std::string> phases = {"fillrandom",       "readrandom", "ycsb_a",
                                           "readwhilewriting", "readseq",    "verify"};
  ASSERT_TRUE(Run(phases, Lie::kNone).ok());
  const Json first = EventOf("ycsb_a")["checksum"];
  EXPECT_TRUE(first.is_string());
  EXPECT_FALSE(EventOf("readwhilewriting").contains("checksum"));
  EXPECT_FALSE(EventOf("readseq").contains("checksum"));
  store_.entries.clear();
  ASSERT_TRUE(Run(phases, Lie::kNone).ok());
  EXPECT_EQ(EventOf("ycsb_a")["checksum"], first);
  arguments_.seed = 2;
  store_.entries.clear();
  ASSERT_TRUE(Run(phases, Lie::kNone).ok());
  EXPECT_NE(EventOf("ycsb_a")["checksum"], first);
}

TEST_F(JobTest, ALoadThatReachesItsLimitEndsTheJobAndSaysHowFarItCame) {
  arguments_.load_seconds = 1e-9;  // over with the first call
  for (const char* load : {"fillrandom", "fillseq", "fillbatch100", "bulkload"}) {
    store_.entries.clear();
    ASSERT_TRUE(Run({load, "settle", "readrandom"}, Lie::kNone).ok()) << load;
    const Json event = EventOf(load);
    EXPECT_EQ(event["unfinished"]["total"], 1000);
    EXPECT_EQ(event["unfinished"]["limit_seconds"], 1e-9);
    EXPECT_EQ(event["operations"], store_.entries.size());
    EXPECT_LT(store_.entries.size(), 1000u);
    EXPECT_FALSE(event.contains("quiet_seconds"));
    EXPECT_EQ(events_.back()["phase"], load) << "a phase ran on half a store";
  }
}

TEST_F(JobTest, AnOverwriteThatReachesItsLimitEndsTheJob) {
  ASSERT_TRUE(Run({"fillrandom", "readrandom"}, Lie::kNone).ok());
  EXPECT_FALSE(EventOf("fillrandom").contains("unfinished"));
  arguments_.load_seconds = 1e-9;
  for (const char* load : {"overwrite", "deleterandom"}) {
    ASSERT_TRUE(Run({"reopen", load, "readseq"}, Lie::kNone).ok()) << load;
    EXPECT_EQ(events_.back()["phase"], load);
    EXPECT_EQ(events_.back()["operations"], 1);
    EXPECT_EQ(store_.entries.size(), load == std::string("overwrite") ? 1000u : 999u);
  }
}

TEST_F(JobTest, AFinishedLoadKnowsNoLimitAndReadsHaveTheirOwn) {
  arguments_.load_seconds = 3600;
  arguments_.max_seconds = 1e-9;
  ASSERT_TRUE(Run({"fillrandom", "readrandom", "readseq", "overwrite"}, Lie::kNone).ok());
  EXPECT_EQ(EventOf("fillrandom")["operations"], 1000);
  EXPECT_FALSE(EventOf("readrandom").contains("unfinished"));
  EXPECT_FALSE(EventOf("overwrite").contains("unfinished"));
  EXPECT_TRUE(EventOf("overwrite").contains("quiet_seconds"));
}

TEST_F(JobTest, AWriterBesideReadersNeedsEveryEntryToBeThere) {
  EXPECT_THAT(Error({"fillrandom", "deleterandom", "readwhilewriting"}, Lie::kNone),
              HasSubstr("fill the store before"));
}

TEST_F(JobTest, AnUnknownPhaseAndOneOfTheOtherClassAreErrors) {
  EXPECT_EQ(Error({"fillrandum"}, Lie::kNone), "map: fillrandum: no such phase");
  EXPECT_THAT(Error({"fillsync"}, Lie::kNone), HasSubstr("--class S"));
}

}  // namespace
}  // namespace firn::compare
