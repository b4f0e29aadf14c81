#include "xgrad/core/profile.hpp"

#include <algorithm>
#include <map>
#include <ostream>

#include "program/profile_record.hpp"
#include "program/table.hpp"

namespace xgrad {

/// Stands at both doors.
class Profile::Ear : public detail::Listener, public detail::KernelListener {
 public:
  explicit Ear(Record& record) : Listener(false), record_(record) {}

  void hear(const detail::Heard& call) override { record_.hear(call); }
  void hear_write(const char*, const Tensor&) override {}
  void hear(const detail::Kernel& kernel, detail::Work work, std::int64_t n, std::int64_t begin,
            std::int64_t end) noexcept override {
    record_.hear(kernel, work, n, begin, end);
  }

 private:
  Record& record_;
};

Profile::Profile(ProfileOptions options)
    : record_(std::make_unique<Record>(options.most_events)), ear_(std::make_unique<Ear>(*record_)) {}
Profile::~Profile() = default;

void Profile::stop() {
  if (!ear_) return;
  ear_.reset();
  record_->end = Record::now();
}

namespace {

constexpr double nanosecond = 1e-9;

template <class Sum>
Profile::Row row_of(std::string name, const Sum& sum) {
  return {std::move(name), sum.calls, static_cast<double>(sum.time) * nanosecond, sum.work.bytes,
          sum.work.flops};
}

std::vector<Profile::Row> by_time(std::vector<Profile::Row> rows) {
  std::ranges::stable_sort(rows, std::greater(), &Profile::Row::seconds);
  return rows;
}

std::string table_of(const char* what, const std::vector<Profile::Row>& rows, double all) {
  if (rows.empty()) return "";
  detail::TextTable table(1, {what, "calls", "ms", "%", "MB", "GB/s", "GFLOP/s"});
  const auto per_second = [](const Profile::Row& row, std::int64_t n) {
    return n > 0 && row.seconds > 0 ? detail::fixed(static_cast<double>(n) * nanosecond / row.seconds, 1)
                                    : "";
  };
  for (const Profile::Row& row : rows)
    table.add({detail::on_one_line(row.name), std::to_string(row.calls), detail::fixed(row.seconds * 1e3, 3),
               all > 0 ? detail::fixed(row.seconds / all * 100, 1) : "",
               row.bytes > 0 ? detail::fixed(static_cast<double>(row.bytes) * 1e-6, 3) : "",
               per_second(row, row.bytes), per_second(row, row.flops)});
  return "\n" + table.str();
}

}  // namespace

std::vector<Profile::Row> Profile::ops() const {
  std::vector<Row> rows;
  for (std::size_t k = 0; k < record_->ops.size(); ++k)
    rows.push_back(row_of(*record_->names[k], record_->ops[k]));
  if (const Record::Sum sum = record_->unclaimed(); sum.calls > 0) rows.push_back(row_of("(no op)", sum));
  return by_time(std::move(rows));
}

std::vector<Profile::Row> Profile::kernels() const {
  std::map<std::string, Record::Sum> sums;  // several kernels may have one name
  for (const auto& [kernel, sum] : record_->kernels) sums[kernel->name].add(sum);
  std::vector<Row> rows;
  for (const auto& [name, sum] : sums) rows.push_back(row_of(name, sum));
  return by_time(std::move(rows));
}

double Profile::seconds() const {
  return static_cast<double>((ear_ ? Record::now() : record_->end) - record_->begin) * nanosecond;
}

double Profile::kernel_seconds() const { return static_cast<double>(record_->all.time) * nanosecond; }

std::string Profile::str() const {
  const double all = seconds(), in_kernels = kernel_seconds();
  std::string s = detail::fixed(all * 1e3, 3) + " ms, of which " + detail::fixed(in_kernels * 1e3, 3) +
                  " in kernels and " + detail::fixed((all - in_kernels) * 1e3, 3) + " outside of them\n";
  s += table_of("op", ops(), in_kernels) + table_of("kernel", kernels(), in_kernels);
  if (record_->forgotten > 0)
    s += "\nA trace has the first " +
         std::to_string(record_->op_events.size() + record_->kernel_events.size()) + " events, without " +
         std::to_string(record_->forgotten) + " later ones, which only the tables count.\n";
  if (record_->lost > 0)
    s += "\nThere was no memory to count " + std::to_string(record_->lost) +
         " more events, which are missing above.\n";
  return s;
}

std::ostream& operator<<(std::ostream& out, const Profile& profile) { return out << profile.str(); }

}  // namespace xgrad
