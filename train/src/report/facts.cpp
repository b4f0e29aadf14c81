// What is listed in a report: options, versions, epochs.

#include <ctime>

#include "markup.hpp"
#include "number_text.hpp"
#include "report/parts.hpp"
#include "xgrad/core/build_info.hpp"
#include "xgrad/train/fit.hpp"
#include "xgrad/train/plot.hpp"

namespace xgrad::train {

namespace {

std::string text_of(const Visitor::Place& place) {
  return std::visit(
      [](const auto& at) -> std::string {
        using T = std::decay_t<decltype(at)>;
        if constexpr (std::is_same_v<T, double*>)
          return exact_text(*at);
        else if constexpr (std::is_same_v<T, std::int64_t*> || std::is_same_v<T, int*> ||
                           std::is_same_v<T, std::size_t*>)
          return std::to_string(*at);
        else if constexpr (std::is_same_v<T, bool*>)
          return *at ? "yes" : "no";
        else
          return "";
      },
      place);
}

/// The options of the optimizer's groups, as its state names them.
void add_optimizer(const optim::Optimizer& optimizer, Facts& facts) {
  for (const auto& slot : Visitor::of(optimizer).slots()) {
    const std::string text = slot.path.starts_with("param_groups.") ? text_of(slot.place) : "";
    if (!text.empty()) facts.emplace_back("optimizer " + slot.path.substr(13), text);
  }
}

bool is_loss(const std::string& name) { return name.find("loss") != std::string::npos; }

}  // namespace

std::string section(const std::string& heading, const std::string& content) {
  return content.empty() ? "" : "<section>\n<h2>" + escaped(heading) + "</h2>\n" + content + "</section>\n";
}

std::string table_of(const Facts& facts) {
  std::string rows;
  for (const auto& [name, text] : facts)
    rows += "<tr><th>" + escaped(name) + "</th><td>" + escaped(text) + "</td></tr>\n";
  return rows.empty() ? "" : "<table class=\"facts\">\n" + rows + "</table>\n";
}

Facts options_of(const Training& training) {
  const FitOptions& o = training.options();
  Facts facts{{"epochs", std::to_string(training.epochs_done()) + " of " + std::to_string(o.epochs)},
              {"steps", std::to_string(training.steps())},
              {"batch size", std::to_string(o.batch_size)},
              {"shuffle", o.shuffle ? "yes" : "no"},
              {"batches in a step", std::to_string(o.accumulate)}};
  if (o.clip_norm > 0) facts.emplace_back("largest norm of gradients", exact_text(o.clip_norm));
  if (o.clip_value > 0) facts.emplace_back("largest element of gradients", exact_text(o.clip_value));
  if (o.average) facts.emplace_back("validation looks at", "the average of the model");
  if (training.optimizer()) add_optimizer(*training.optimizer(), facts);
  if (!training.history().stopped().empty()) facts.emplace_back("ended early", training.history().stopped());
  return facts;
}

Facts versions() {
  const BuildInfo info = build_info();
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char date[32] = "";
  (void)std::strftime(date, sizeof date, "%Y-%m-%d %H:%M UTC", &utc);
  return {{"xgrad", info.version},
          {"compiler", info.compiler + ", " + info.build_type},
          {"products", info.products},
          {"BLAS", info.blas},
          {"threads", std::to_string(info.threads)},
          {"written", date}};
}

std::string curves_of(const History& history) {
  std::vector<std::string> losses, others;
  for (const std::string& name : history.names())
    if (name != "lr") (is_loss(name) ? losses : others).push_back(name);
  std::string pictures;
  if (history.epochs() == 0) return pictures;
  if (!losses.empty()) pictures += svg(history, {.title = "Losses", .names = losses});
  if (!others.empty()) pictures += svg(history, {.title = "Measures", .names = others});
  return pictures;
}

std::string epochs_of(const History& history) {
  if (history.epochs() == 0) return "";
  std::string table = "<table>\n<tr><th>epoch</th>";
  for (const std::string& name : history.names()) table += "<th>" + escaped(name) + "</th>";
  table += "</tr>\n";
  for (std::int64_t epoch = 0; epoch < history.epochs(); ++epoch) {
    table += "<tr><td>" + std::to_string(epoch + 1) + "</td>";
    for (const std::string& name : history.names())
      table += "<td>" + short_text(history[name][static_cast<std::size_t>(epoch)]) + "</td>";
    table += "</tr>\n";
  }
  return table + "</table>\n";
}

}  // namespace xgrad::train
