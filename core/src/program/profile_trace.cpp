#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "program/profile_record.hpp"
#include "xgrad/core/whole_file.hpp"

namespace xgrad {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Attribute& attribute) {
  if (const double* real = std::get_if<double>(&attribute.value); real && !std::isfinite(*real))
    return std::isnan(*real) ? "nan" : *real > 0 ? "inf" : "-inf";  // for which JSON has no numbers
  return std::visit([](const auto& v) -> Json { return v; }, attribute.value);
}

/// Text in one line; bytes that are no characters are replaced, as JSON has no other way for them.
std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

void add_work(Json& args, const detail::Work& work) {
  if (work.bytes > 0) args["bytes"] = work.bytes;
  if (work.flops > 0) args["flops"] = work.flops;
}

}  // namespace

/// Events in the order of their beginnings, those that hold others before them, one at a time: as a whole,
/// the text and its parts would need many times the memory of the events.
void Profile::write_trace(const std::string& path) const {
  const Record& heard = *record_;
  const auto micro = [&](std::int64_t nano) { return static_cast<double>(nano) / 1e3; };
  const auto event = [&](const std::string& name, const char* category, std::int64_t begin,
                         std::int64_t end) {
    return Json{{"name", name},
                {"cat", category},
                {"ph", "X"},
                {"ts", micro(begin - heard.begin)},
                {"dur", micro(end - begin)},
                {"pid", getpid()},
                {"tid", heard.thread},
                {"args", Json::object()}};
  };
  const auto kernel_event = [&](const Record::KernelEvent& e) {
    Json json = event(e.kernel->name, "kernel", e.begin, e.end);
    json["args"]["extent"] = e.n;
    add_work(json["args"], e.work);
    return json;
  };
  const auto op_event = [&](const Record::OpEvent& e) {
    Json json = event(*heard.names[e.name], "op", e.begin, e.end);
    Json& args = json["args"];
    const auto add_types = [&](const char* name, std::size_t first, std::size_t count) {
      for (std::size_t k = first; k < first + count; ++k)
        args[name].push_back(name_of(heard.types[k].dtype) + heard.types[k].shape.str());
    };
    add_types("inputs", e.first_type, e.inputs);
    add_types("outputs", e.first_type + e.inputs, e.outputs);
    for (const Attribute& a : e.attributes) args["attributes"][a.name] = json_of(a);
    add_work(args, e.work);
    return json;
  };

  struct Place {
    std::int64_t begin, end;
    const Record::OpEvent* op;
    const Record::KernelEvent* kernel;
  };
  std::vector<Place> places;
  for (const auto& e : heard.op_events) places.push_back({e.begin, e.end, &e, nullptr});
  for (const auto& e : heard.kernel_events) places.push_back({e.begin, e.end, nullptr, &e});
  std::ranges::stable_sort(places, [](const Place& a, const Place& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end > b.end;
  });

  detail::WholeFile file("write_trace", path);
  file.write("{\"traceEvents\":[");
  for (const Place& place : places) {
    file.write(&place == places.data() ? "\n" : ",\n");
    file.write(text_of(place.op ? op_event(*place.op) : kernel_event(*place.kernel)));
  }
  const Json rest = {{"events_left_out", heard.forgotten + heard.lost}};
  file.write("\n],\"displayTimeUnit\":\"ns\",\"otherData\":" + text_of(rest) + "}\n");
  file.finish();
}

}  // namespace xgrad
