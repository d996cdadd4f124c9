#include "crash/images.h"

#include <algorithm>
#include <set>

#include "sim/seeded_random.h"

namespace firn::testing {
namespace {

using Kind = UnsyncedUnit::Kind;
using Choice = std::vector<bool>;

class Families {
 public:
  Families(const std::vector<UnsyncedUnit>& units, const Effort& effort, std::uint64_t seed)
      : units_(units), effort_(effort), random_(seed) {
    while (names_ < units.size() && units[names_].kind == Kind::kName) ++names_;
  }

  std::vector<Choice> All() {
    Add(Choice(units_.size(), false));
    Add(Choice(units_.size(), true));
    Add(NamesAnd(names_, false));
    Add(NamesAnd(0, true));
    AddSingles();
    AddNamePrefixes();
    AddFilePrefixes();
    AddRandom();
    return std::move(choices_);
  }

 private:
  void Add(Choice choice) {
    if (seen_.insert(choice).second) choices_.push_back(std::move(choice));
  }

  // The first `names` changes of names, and all data or none.
  [[nodiscard]] Choice NamesAnd(std::size_t names, bool data) const {
    Choice choice(units_.size(), data);
    std::fill_n(choice.begin(), names_, false);
    std::fill_n(choice.begin(), names, true);
    return choice;
  }

  // Numbers below `count`, at most `most` of them, evenly; the last is always among them.
  [[nodiscard]] static std::vector<std::size_t> Spread(std::size_t count, std::size_t most) {
    std::vector<std::size_t> chosen;
    const std::size_t taken = std::min(count, most);
    for (std::size_t i = 1; i <= taken; ++i) chosen.push_back(i * count / taken - 1);
    return chosen;
  }

  void AddSingles() {
    for (const std::size_t unit : Spread(units_.size(), effort_.singles_max)) {
      for (const bool lost : {true, false}) {
        Choice choice(units_.size(), lost);
        choice[unit] = !lost;
        Add(std::move(choice));
      }
    }
  }

  void AddNamePrefixes() {
    for (const std::size_t names : Spread(names_, effort_.cuts_max)) {
      Add(NamesAnd(names, true));
      Add(NamesAnd(names, false));
    }
  }

  void AddFilePrefixes() {
    for (std::size_t begin = names_; begin < units_.size();) {
      std::size_t end = begin;
      while (end < units_.size() && units_[end].file == units_[begin].file) ++end;
      for (const std::size_t cut : Spread(end - begin, effort_.cuts_max)) {
        Choice torn(units_.size(), true);
        std::fill(torn.begin() + Offset(begin + cut), torn.begin() + Offset(end), false);
        // The size may have come with the first sector or not at all.
        if (units_[begin].kind == Kind::kSize && cut > 0) torn[begin] = false;
        Add(std::move(torn));
        Choice alone = NamesAnd(names_, false);
        std::fill(alone.begin() + Offset(begin), alone.begin() + Offset(begin + cut), true);
        Add(std::move(alone));
      }
      begin = end;
    }
  }

  void AddRandom() {
    for (std::size_t i = 0; i < effort_.subsets; ++i) {
      Choice any(units_.size());
      for (std::size_t unit = 0; unit < units_.size(); ++unit) any[unit] = random_.Coin();
      Choice ordered = any;
      const std::size_t kept = random_.Below(names_ + 1);
      for (std::size_t name = 0; name < names_; ++name) ordered[name] = name < kept;
      Add(std::move(any));
      Add(std::move(ordered));
    }
  }

  [[nodiscard]] static std::ptrdiff_t Offset(std::size_t n) {
    return static_cast<std::ptrdiff_t>(n);
  }

  const std::vector<UnsyncedUnit>& units_;
  const Effort& effort_;
  SeededRandom random_;
  std::size_t names_ = 0;
  std::vector<Choice> choices_;
  std::set<Choice> seen_;
};

}  // namespace

std::vector<std::vector<bool>> ImagesOf(const std::vector<UnsyncedUnit>& units,
                                        const Effort& effort, std::uint64_t seed) {
  return Families(units, effort, seed).All();
}

}  // namespace firn::testing
