//! How the templates of a search are made.

use super::SearchKeys;
use crate::job::TemplateMethod;
use crate::job::document::Section;

/// The method of a word, or why a search cannot have it: the rest of a message.
pub(super) fn template_method(word: &str) -> Result<TemplateMethod, &'static str> {
    const SOME: [TemplateMethod; 10] = [
        TemplateMethod::Noise,
        TemplateMethod::NoiseEfficient,
        TemplateMethod::FlowMatching,
        TemplateMethod::FlowMatchingEfficient,
        TemplateMethod::SideBand,
        TemplateMethod::OtherSample,
        TemplateMethod::Cathode,
        TemplateMethod::Curtains,
        TemplateMethod::CurtainsEfficient,
        TemplateMethod::Feta,
    ];
    match word {
        "idealised" | "over_idealised" | "supervised" => {
            Err("it needs to know which events are background, and a search does not) choose noise, or put it into a [[scan]]")
        }
        "sr" => Err("its template begins as the events that are searched, and a signal would stay in it in part) choose noise"),
        "gensr" => Err("its data are generated, and a search counts events) choose noise"),
        _ => SOME.into_iter().find(|method| method.word() == word).ok_or(
            "there is no such method) choose noise, noise_efficient, flow_matching, flow_matching_efficient, sb, mc, cathode, \
             curtains_f4f, curtains_f4f_efficient or feta",
        ),
    }
}

impl SearchKeys {
    /// Notes templates that cannot have equal shares of the over-sampled events.
    pub(super) fn check_templates(&self, section: &Section<'_>) {
        let (templates, events) = (self.templates, self.oversampling);
        if templates == 0 || !events.0.is_multiple_of(templates) {
            let message = format!(
                "is {templates}, with oversampling = {events} (each model makes an equal share of the template) set oversampling to a \
                 multiple of {templates}"
            );
            section.wrong("templates", message);
        }
    }
}
