#include "xgrad/train/report.hpp"

#include "markup.hpp"
#include "report/parts.hpp"
#include "xgrad/core/whole_file.hpp"
#include "xgrad/nn/summary.hpp"

namespace xgrad::train {

namespace {

constexpr const char* style =
    "body{font-family:sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#222}"
    "table{border-collapse:collapse}td,th{padding:.2em .6em;border-bottom:1px solid #ddd;text-align:right}"
    ".facts th,.facts td{text-align:left}.confusion td{text-align:center}svg{max-width:100%}"
    "pre{overflow-x:auto}.examples{display:flex;flex-wrap:wrap;gap:1em}"
    "figure{margin:0;width:9em;font-size:.8em}.example{width:9em;border:1px solid #ddd}";

std::string page(const std::string& title, const std::string& body) {
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>" + escaped(title) +
         "</title>\n<style>" + style + "</style>\n</head>\n<body>\n<h1>" + escaped(title) + "</h1>\n" + body +
         "</body>\n</html>\n";
}

}  // namespace

void Report::on_step(Training& training) {
  if (input_ || training.batch().empty()) return;
  input_ = training.batch().front().shape();
  dtype_ = training.batch().front().dtype();
}

void Report::on_end(Training& training) {
  auto* module = dynamic_cast<nn::Module*>(training.model());
  const auto classes = options_.examples ? options_.examples->names().classes : std::vector<std::string>();
  std::string body = section("Notes", table_of(options_.notes)) +
                     section("Curves", curves_of(training.history())) +
                     section("Confusion matrix", confusion_of(training, classes));
  if (module) body += section("Errors", examples_of(*module, options_));
  if (module && input_)
    body += section("Model", "<pre>" + escaped(nn::summary(*module, *input_, *dtype_).str()) + "</pre>\n");
  body += section("Epochs", epochs_of(training.history())) +
          section("Options", table_of(options_of(training))) + section("Versions", table_of(versions()));
  xgrad::detail::WholeFile file("Report", path_);
  file.write(page(options_.title, body));
  file.finish();
  training.tell("the report is in " + path_);
}

}  // namespace xgrad::train
